/* rprop.c — steps by sign alone, longer while the sign stays and shorter once it turns.
 *
 *     d <- d grow      where sign(g) = sign(last)
 *     d <- d shrink    where sign(g) = -sign(last); there g <- 0
 *     d within [least, most],    d_0 = 1
 *     w <- w - rate d sign(g),   last <- g
 *
 * Riedmiller and Braun, A Direct Adaptive Method for Faster Backpropagation Learning:
 * The RPROP Algorithm, 1993, without its step back (iRprop-).  d counts in rates, so
 * that the schedule acts: --rate is the paper's first step, 0.1.  Made for gradients of
 * all samples; the noise of small batches turns signs and shrinks steps for no reason.
 * State: 2 vectors (last: the sign).  Elementwise. */

#include "rule/rule.h"
#include "rule/signs.h"

#include <stddef.h>

typedef struct rprop {
    double grow, shrink, least, most;
} rprop;

static const tally_option options[] = {
    TALLY_OPTION(REAL, rprop, grow, "1.2", "[1, inf)",
                 "what a kept sign makes of a step"),
    TALLY_OPTION(REAL, rprop, shrink, "0.5", "(0, 1]",
                 "what a turned sign makes of a step"),
    TALLY_OPTION(REAL, rprop, least, "1e-5", "(0, 1]", "the shortest step, in rates"),
    TALLY_OPTION(REAL, rprop, most, "500", "[1, inf)", "the longest step, in rates"),
    TALLY_END};

static tally_status open(tally_rule *r)
{
    tally_real *d = r->state.at[0];

    for (size_t i = 0; i < r->layout->length; i++)
        d[i] = 1;
    return TALLY_OK;
}

typedef struct weights {
    tally_real rate, grow, shrink, least, most;
} weights;

static weights weights_of(const rprop *o, const tally_step *t)
{
    return (weights){(tally_real)t->rate, (tally_real)o->grow, (tally_real)o->shrink,
                     (tally_real)o->least, (tally_real)o->most};
}

/* turn: 1 where the sign is kept, -1 where it turns, 0 where there was or is none. */
static void move(tally_span s, weights a, const tally_real *restrict g,
                 tally_real *const *state, tally_real *restrict w)
{
    tally_real *restrict d = state[0], *restrict last = state[1];

    for (size_t i = s.first; i < s.first + s.count; i++) {
        tally_real sign = tally_sign(g[i]), turn = sign * last[i];
        tally_real longer = turn > 0 ? a.grow : 1, shorter = turn < 0 ? a.shrink : 1;
        tally_real step = d[i] * longer * shorter;

        step = step < a.least ? a.least : step;
        step = step > a.most ? a.most : step;
        sign = turn < 0 ? 0 : sign;
        d[i] = step;
        last[i] = sign;
        w[i] -= a.rate * step * sign;
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    tally_real *const state[] = {r->state.at[0], r->state.at[1]};

    move(s, weights_of(r->options, t), agreed.values, state, w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"d",    TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"last", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_rprop = {
    .about = {.name = "rprop",
              .brief = "signs, with a step for each weight that learns its length",
              .paper = "Riedmiller and Braun 1993",
              .options = options,
              .options_size = sizeof(rprop),
              .slots = slots},
    .open = open,
    .apply = apply,
};

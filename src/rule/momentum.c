/* momentum.c — steps that remember, in the four forms that papers and libraries use.
 *
 *     buffer      m <- beta m + (1 - damp) g     w <- w - rate m         m_1 = g_1
 *     velocity    m <- beta m - rate g           w <- w + m
 *     ema         m <- beta m + (1 - beta) g     w <- w - rate m
 *     heavyball   w <- w - rate g + beta (w - m)                         m: w before
 *
 * g stands for g + l2 w; each form also subtracts rate decay w.  Polyak, Some Methods
 * of Speeding Up the Convergence of Iteration Methods, 1964 (heavyball).  Buffer is
 * PyTorch's SGD; damping leaves its first gradient alone.  At a constant rate buffer,
 * velocity and heavyball walk the same path and ema is buffer at rate (1 - beta).  They
 * differ when the rate changes: velocity and heavyball keep the old rate in what they
 * remember.
 * State: 1 vector.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>
#include <string.h>

typedef enum form { BUFFER, VELOCITY, EMA, HEAVYBALL } form;

typedef struct momentum {
    int form;
    double beta, damp, l2, decay;
} momentum;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, momentum, form, "buffer", "buffer|velocity|ema|heavyball",
                 "what is remembered, and where the rate enters"),
    TALLY_OPTION(REAL, momentum, beta, "0.9", "[0, 1)", "share of the old kept"),
    TALLY_OPTION(REAL, momentum, damp, "0", "[0, 1]",
                 "share of a new gradient left out, form=buffer"),
    TALLY_OPTION(REAL, momentum, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, momentum, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

static tally_status open(tally_rule *r)
{
    const momentum *o = r->options;

    if (o->damp > 0 && o->form != BUFFER)
        return TALLY_FAIL(OPTION, "rule momentum: damp=%g is for form=buffer alone",
                          o->damp);
    return TALLY_OK;
}

/* m <- keep m + gain g,  w <- w - step m: three of the forms. */
typedef struct weights {
    tally_real keep, gain, step;
} weights;

static weights weights_of(const momentum *o, const tally_step *t)
{
    tally_real beta = (tally_real)o->beta, rate = (tally_real)t->rate;

    if (o->form == VELOCITY) return (weights){beta, -rate, -1};
    if (o->form == EMA) return (weights){beta, (tally_real)(1 - o->beta), rate};
    return (weights){beta, t->number == 1 ? 1 : (tally_real)(1 - o->damp), rate};
}

static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *restrict m, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++) {
        m[i] = a.keep * m[i] + a.gain * (g[i] + p->l2 * w[i]);
        w[i] -= p->shrink * w[i] + a.step * m[i];
    }
}

/* The weights themselves are remembered: m holds those of the step before. */
static void roll(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *restrict m, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++) {
        tally_real old = w[i];

        w[i] = old - p->shrink * old - a.step * (g[i] + p->l2 * old) +
               a.keep * (old - m[i]);
        m[i] = old;
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const momentum *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    weights a = weights_of(o, t);
    tally_real *m = r->state.at[0];
    tally_stretch p;

    if (o->form == HEAVYBALL && t->number == 1)
        memcpy(m + s.first, w + s.first, s.count * sizeof *m);
    while (tally_stretches_next(&all, &p)) {
        if (o->form == HEAVYBALL)
            roll(&p, a, agreed.values, m, w);
        else
            move(&p, a, agreed.values, m, w);
    }
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_momentum = {
    .about = {.name = "momentum",
              .brief = "steps that remember, in four forms",
              .paper = "Polyak 1964",
              .options = options,
              .options_size = sizeof(momentum),
              .slots = slots},
    .open = open,
    .apply = apply,
};

/* local_momentum.c — a momentum that each rank keeps, and sends instead of its
 * gradient.
 *
 *     propose   m <- beta m + (1 - beta) g          say m
 *     apply     w <- w - rate (a + decay w)         a: what the ranks agreed on
 *
 * The worker momentum of Karimireddy, He, Jaggi, Learning from History for Byzantine
 * Robust Optimization, 2020, arXiv:2012.10333, Algorithm 1, which robust aggregates
 * want, and the momentum before compression of error-feedback signs (Zheng, Huang,
 * Kwok, 2019, arXiv:1905.10936).  With a sum of all ranks it is momentum:form=ema.
 * State: 1 vector, private to the rank.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>

typedef struct local_momentum {
    double beta, decay;
} local_momentum;

static const tally_option options[] = {
    TALLY_OPTION(REAL, local_momentum, beta, "0.9", "[0, 1)",
                 "share of the old momentum kept"),
    TALLY_OPTION(REAL, local_momentum, decay, "0", "[0, inf)",
                 "decoupled weight decay, after the exchange"),
    TALLY_END};

static tally_status propose(tally_rule *r, const tally_step *t, tally_span s,
                            tally_real *g, tally_view *v)
{
    const local_momentum *o = r->options;
    const tally_real keep = (tally_real)o->beta, gain = (tally_real)(1 - o->beta);
    tally_real *m = r->state.at[0];

    (void)t, (void)v;
    for (size_t i = s.first; i < s.first + s.count; i++)
        g[i] = m[i] = keep * m[i] + gain * g[i];
    return TALLY_OK;
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const local_momentum *o = r->options;
    const tally_real rate = (tally_real)t->rate;
    tally_stretches all = tally_stretches_of(r->layout, s, 0, t->rate * o->decay);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        for (size_t i = p.first; i < p.end; i++)
            w[i] -= p.shrink * w[i] + rate * agreed.values[i];
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_local_momentum = {
    .about = {.name = "local_momentum",
              .brief = "a momentum that each rank keeps and sends",
              .paper = "arXiv:2012.10333; arXiv:1905.10936",
              .options = options,
              .options_size = sizeof(local_momentum),
              .slots = slots},
    .propose = propose,
    .apply = apply,
};

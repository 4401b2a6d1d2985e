/* adamax.c — Adam over the greatest gradient, which fades, instead of a mean square.
 *
 *     g <- g + l2 w
 *     m <- beta1 m + (1 - beta1) g
 *     u <- max(beta2 u, |g| + epsilon)
 *     w <- w - rate decay w - rate / (1 - beta1^t) m / u
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, arXiv:1412.6980,
 * Algorithm 2; epsilon, which the paper leaves out, keeps u from zero as in PyTorch.
 * State: 2 vectors.  Elementwise, without a root. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>
#include <tgmath.h>

typedef struct adamax {
    double beta1, beta2, epsilon, l2, decay;
} adamax;

static const tally_option options[] = {
    TALLY_OPTION(REAL, adamax, beta1, "0.9", "[0, 1)", "share of the old mean kept"),
    TALLY_OPTION(REAL, adamax, beta2, "0.999", "[0, 1)",
                 "share of the old maximum kept"),
    TALLY_OPTION(REAL, adamax, epsilon, "1e-8", "(0, inf)",
                 "added to the absolute value"),
    TALLY_OPTION(REAL, adamax, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, adamax, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

typedef struct weights {
    tally_real beta1, rest1, beta2, epsilon, step;
} weights;

static weights weights_of(const adamax *o, const tally_step *t)
{
    return (weights){
        .beta1 = (tally_real)o->beta1,
        .rest1 = (tally_real)(1 - o->beta1),
        .beta2 = (tally_real)o->beta2,
        .epsilon = (tally_real)o->epsilon,
        .step = (tally_real)(t->rate / (1 - pow(o->beta1, (double)t->number))),
    };
}

static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *const *mu, tally_real *restrict w)
{
    tally_real *restrict m = mu[0], *restrict u = mu[1];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];
        tally_real now = fabs(slope) + a.epsilon, faded = a.beta2 * u[i];

        m[i] = a.beta1 * m[i] + a.rest1 * slope;
        u[i] = faded > now ? faded : now;
        w[i] -= p->shrink * w[i] + a.step * m[i] / u[i];
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const adamax *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const mu[] = {r->state.at[0], r->state.at[1]};
    weights a = weights_of(o, t);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, mu, w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"u", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_adamax = {
    .about = {.name = "adamax",
              .brief = "mean gradient over its fading maximum",
              .paper = "arXiv:1412.6980",
              .options = options,
              .options_size = sizeof(adamax),
              .slots = slots},
    .apply = apply,
};

/* adadelta.c — steps as long as the steps before, over the size of the gradients.
 *
 *     g <- g + l2 w
 *     v <- rho v + (1 - rho) g^2
 *     d <- sqrt(u + epsilon) / sqrt(v + epsilon) g
 *     u <- rho u + (1 - rho) d^2
 *     w <- w - rate decay w - rate d
 *
 * Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, arXiv:1212.5701, Algorithm
 * 1, where rate is 1.  epsilon starts the steps off: the first is at most
 * sqrt(epsilon / (1 - rho)) long.
 * State: 2 vectors.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>
#include <tgmath.h>

typedef struct adadelta {
    double rho, epsilon, l2, decay;
} adadelta;

static const tally_option options[] = {
    TALLY_OPTION(REAL, adadelta, rho, "0.9", "[0, 1)",
                 "share of the old mean squares kept"),
    TALLY_OPTION(REAL, adadelta, epsilon, "1e-6", "(0, inf)",
                 "added to both mean squares"),
    TALLY_OPTION(REAL, adadelta, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, adadelta, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

typedef struct weights {
    tally_real rate, keep, rest, epsilon;
} weights;

static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *const *vu, tally_real *restrict w)
{
    tally_real *restrict v = vu[0], *restrict u = vu[1];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        v[i] = a.keep * v[i] + a.rest * slope * slope;
        tally_real d = sqrt(u[i] + a.epsilon) / sqrt(v[i] + a.epsilon) * slope;
        u[i] = a.keep * u[i] + a.rest * d * d;
        w[i] -= p->shrink * w[i] + a.rate * d;
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const adadelta *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const vu[] = {r->state.at[0], r->state.at[1]};
    weights a = {(tally_real)t->rate, (tally_real)o->rho, (tally_real)(1 - o->rho),
                 (tally_real)o->epsilon};
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, vu, w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"u", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_adadelta = {
    .about = {.name = "adadelta",
              .brief = "steps in proportion to earlier steps",
              .paper = "arXiv:1212.5701",
              .options = options,
              .options_size = sizeof(adadelta),
              .slots = slots},
    .apply = apply,
};

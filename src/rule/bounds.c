/* bounds.c — Adam's rate of each weight, held between two bounds that close.
 *
 *     g <- g + l2 w
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) g^2
 *     low = final (1 - 1 / (gamma t + 1)),    high = final (1 + 1 / (gamma t))
 *     c = sqrt(1 - beta2^t) / (1 - beta1^t)
 *     w <- w - rate decay w - rate clip(c / (sqrt(v) + epsilon), low, high) m
 *
 * Luo et al., Adaptive Gradient Methods with Dynamic Bound of Learning Rate, 2019,
 * arXiv:1902.09843.  The corrections sit inside the clip, as in the authors' code: once
 * a bound holds they are gone.  final counts in rates, so that bounds follow the
 * schedule; the code's final_lr is final times the base rate. */

#include "rule/bounds.h"

#include "rule/decay.h"

#include <tgmath.h>

typedef struct weights {
    tally_real beta1, rest1, beta2, rest2, epsilon, rate, scale, low, high;
    bool greatest; /* v never shrinks: the step is over h */
} weights;

static weights weights_of(const tally_rule *r, const tally_step *t)
{
    const tally_bounds *o = r->options;
    double number = (double)t->number;

    return (weights){
        .beta1 = (tally_real)o->beta1,
        .rest1 = (tally_real)(1 - o->beta1),
        .beta2 = (tally_real)o->beta2,
        .rest2 = (tally_real)(1 - o->beta2),
        .epsilon = (tally_real)o->epsilon,
        .rate = (tally_real)t->rate,
        .scale =
            (tally_real)(sqrt(1 - pow(o->beta2, number)) / (1 - pow(o->beta1, number))),
        .low = (tally_real)(o->final * (1 - 1 / (o->gamma * number + 1))),
        .high = (tally_real)(o->final * (1 + 1 / (o->gamma * number))),
        .greatest = r->state.count == 3,
    };
}

/* The condition does not depend on i: the compiler makes a loop for each case. */
static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *const *mvh, tally_real *restrict w)
{
    tally_real *restrict m = mvh[0], *restrict v = mvh[1], *restrict h = mvh[2];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        m[i] = a.beta1 * m[i] + a.rest1 * slope;
        v[i] = a.beta2 * v[i] + a.rest2 * slope * slope;
        tally_real square = v[i];
        if (a.greatest) {
            h[i] = h[i] > square ? h[i] : square;
            square = h[i];
        }
        tally_real factor = a.scale / (sqrt(square) + a.epsilon);
        factor = factor < a.low ? a.low : factor;
        factor = factor > a.high ? a.high : factor;
        w[i] -= p->shrink * w[i] + a.rate * factor * m[i];
    }
}

tally_status tally_bounds_apply(tally_rule *r, const tally_step *t, tally_span s,
                                tally_real *w, tally_view agreed)
{
    const tally_bounds *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    weights a = weights_of(r, t);
    tally_real *const mvh[] = {r->state.at[0], r->state.at[1],
                               a.greatest ? r->state.at[2] : NULL};
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, mvh, w);
    return TALLY_OK;
}

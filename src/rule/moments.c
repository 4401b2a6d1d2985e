/* moments.c — a step by the mean gradient over its root mean square.
 *
 *     g <- g + l2 w
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) g^2
 *     w <- w - rate decay w - rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, arXiv:1412.6980,
 * Algorithm 1.  Both corrections are made in double, once a call, from the step's
 * number alone; one pass over g, m, v and w. */

#include "rule/moments.h"

#include "rule/decay.h"

#include <tgmath.h>

const tally_slot tally_moments_slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

tally_moments_weights tally_moments_weights_of(const tally_moments *o,
                                               const tally_step *t)
{
    double number = (double)t->number;

    return (tally_moments_weights){
        .beta1 = (tally_real)o->beta1,
        .rest1 = (tally_real)(1 - o->beta1),
        .beta2 = (tally_real)o->beta2,
        .rest2 = (tally_real)(1 - o->beta2),
        .epsilon = (tally_real)o->epsilon,
        .step = (tally_real)(t->rate / (1 - pow(o->beta1, number))),
        .root = (tally_real)(1 / sqrt(1 - pow(o->beta2, number))),
    };
}

static void move(const tally_stretch *p, tally_moments_weights a,
                 const tally_real *restrict g, tally_real *const *mv,
                 tally_real *restrict w)
{
    tally_real *restrict m = mv[0], *restrict v = mv[1];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        m[i] = a.beta1 * m[i] + a.rest1 * slope;
        v[i] = a.beta2 * v[i] + a.rest2 * slope * slope;
        w[i] -= p->shrink * w[i] + a.step * m[i] / (sqrt(v[i]) * a.root + a.epsilon);
    }
}

tally_status tally_moments_apply(tally_rule *r, const tally_step *t, tally_span s,
                                 tally_real *w, tally_view agreed)
{
    const tally_moments *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const mv[] = {r->state.at[0], r->state.at[1]};
    tally_moments_weights a = tally_moments_weights_of(o, t);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, mv, w);
    return TALLY_OK;
}

/* radam.c — Adam that leaves the root mean square out until it can be trusted.
 *
 *     g <- g + l2 w
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) g^2
 *     rho = 2 / (1 - beta2) - 1,    rho_t = rho - 2 t beta2^t / (1 - beta2^t)
 *     r = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t))
 *     d = r m sqrt(1 - beta2^t) / (sqrt(v) + epsilon)     when rho_t > 5, else d = m
 *     w <- w - rate decay w - rate / (1 - beta1^t) d
 *
 * Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020,
 * arXiv:1908.03265, Algorithm 2.  The paper rectifies when rho_t > 4; its authors' code
 * and PyTorch wait for 5.  The first steps (5 of them with beta2=0.999) are those of
 * momentum: as long as the gradient says.
 * State: 2 vectors.  Elementwise. */

#include "rule/decay.h"
#include "rule/moments.h"
#include "rule/rule.h"

#include <stddef.h>
#include <tgmath.h>

static const tally_option options[] = {
    TALLY_OPTION(REAL, tally_moments, beta1, "0.9", "[0, 1)",
                 "share of the old mean kept"),
    TALLY_OPTION(REAL, tally_moments, beta2, "0.999", "[0, 1)",
                 "share of the old mean square kept"),
    TALLY_OPTION(REAL, tally_moments, epsilon, "1e-8", "(0, inf)",
                 "added to the root before its correction"),
    TALLY_OPTION(REAL, tally_moments, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, tally_moments, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

/* What the rate is multiplied by for m / (sqrt(v) + epsilon); 0: m alone, for now. */
static double rectify(const tally_moments *o, const tally_step *t)
{
    double number = (double)t->number, power = pow(o->beta2, number);
    double most = 2 / (1 - o->beta2) - 1;
    double rho = most - 2 * number * power / (1 - power);

    if (!(rho > 5)) return 0;
    return sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) *
           sqrt(1 - power);
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
        w[i] -= p->shrink * w[i] + a.step * m[i] / (sqrt(v[i]) + a.epsilon);
    }
}

/* v is gathered, but not used. */
static void move_by_mean(const tally_stretch *p, tally_moments_weights a,
                         const tally_real *restrict g, tally_real *const *mv,
                         tally_real *restrict w)
{
    tally_real *restrict m = mv[0], *restrict v = mv[1];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        m[i] = a.beta1 * m[i] + a.rest1 * slope;
        v[i] = a.beta2 * v[i] + a.rest2 * slope * slope;
        w[i] -= p->shrink * w[i] + a.step * m[i];
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const tally_moments *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const mv[] = {r->state.at[0], r->state.at[1]};
    tally_moments_weights a = tally_moments_weights_of(o, t);
    double rectified = rectify(o, t);
    tally_stretch p;

    if (rectified > 0) a.step *= (tally_real)rectified;
    while (tally_stretches_next(&all, &p)) {
        if (rectified > 0)
            move(&p, a, agreed.values, mv, w);
        else
            move_by_mean(&p, a, agreed.values, mv, w);
    }
    return TALLY_OK;
}

const tally_rule_ops tally_rule_radam = {
    .about = {.name = "radam",
              .brief = "Adam that trusts its root mean square by degrees",
              .paper = "arXiv:1908.03265",
              .options = options,
              .options_size = sizeof(tally_moments),
              .slots = tally_moments_slots},
    .apply = apply,
};

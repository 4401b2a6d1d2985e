/* amsgrad.c — Adam that never forgets how large a gradient was.
 *
 *     g <- g + l2 w
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) g^2
 *     h <- max(h, v)
 *     w <- w - rate decay w - rate / (1 - beta1^t) m / (sqrt(h / (1 - beta2^t)) + eps)
 *
 * Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, 2018, arXiv:1904.09237,
 * Algorithm 2.  The paper has no corrections by 1 - beta^t; here they are Adam's, as in
 * PyTorch: the maximum is taken before, the correction after it.
 * State: 3 vectors.  Elementwise. */

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
    TALLY_OPTION(REAL, tally_moments, epsilon, "1e-8", "(0, inf)", "added to the root"),
    TALLY_OPTION(REAL, tally_moments, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, tally_moments, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

static void move(const tally_stretch *p, tally_moments_weights a,
                 const tally_real *restrict g, tally_real *const *mvh,
                 tally_real *restrict w)
{
    tally_real *restrict m = mvh[0], *restrict v = mvh[1], *restrict h = mvh[2];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        m[i] = a.beta1 * m[i] + a.rest1 * slope;
        v[i] = a.beta2 * v[i] + a.rest2 * slope * slope;
        h[i] = h[i] > v[i] ? h[i] : v[i];
        w[i] -= p->shrink * w[i] + a.step * m[i] / (sqrt(h[i]) * a.root + a.epsilon);
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const tally_moments *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const mvh[] = {r->state.at[0], r->state.at[1], r->state.at[2]};
    tally_moments_weights a = tally_moments_weights_of(o, t);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, mvh, w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"h", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_amsgrad = {
    .about = {.name = "amsgrad",
              .brief = "Adam over the greatest mean square so far",
              .paper = "arXiv:1904.09237",
              .options = options,
              .options_size = sizeof(tally_moments),
              .slots = slots},
    .apply = apply,
};

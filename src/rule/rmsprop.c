/* rmsprop.c — the gradient over its own running size.
 *
 *     g <- g + l2 w
 *     v <- rho v + (1 - rho) g^2                      start=square: v_1 = g_1^2
 *     m <- rho m + (1 - rho) g
 *     b <- beta b + g / (sqrt(v - m^2) + epsilon)     centred; else sqrt(v)
 *     w <- w - rate decay w - rate b
 *
 * Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012; the
 * centred form is Graves, Generating Sequences with Recurrent Neural Networks, 2013,
 * arXiv:1308.0850, equations 38 to 41, with epsilon outside the root.  v - m^2 is a
 * variance; rounding may take it below zero, where it counts as zero.
 * State: 3 vectors, of which plain RMSprop touches v alone.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>
#include <tgmath.h>

typedef enum start { ZERO, SQUARE } start;

typedef struct rmsprop {
    double rho, beta;
    bool centred;
    int start;
    double epsilon, l2, decay;
} rmsprop;

static const tally_option options[] = {
    TALLY_OPTION(REAL, rmsprop, rho, "0.99", "[0, 1)",
                 "share of the old mean square kept"),
    TALLY_OPTION(REAL, rmsprop, beta, "0", "[0, 1)",
                 "momentum: share of the old step kept"),
    TALLY_OPTION(FLAG, rmsprop, centred, "false", NULL,
                 "by the deviation from the mean gradient"),
    TALLY_OPTION(CHOICE, rmsprop, start, "zero", "zero|square",
                 "what v is before the first step, or after it"),
    TALLY_OPTION(REAL, rmsprop, epsilon, "1e-8", "(0, inf)",
                 "added to the root mean square"),
    TALLY_OPTION(REAL, rmsprop, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, rmsprop, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

/* fade, gain: of v; keep, rest: of m; share: of m^2 taken off. */
typedef struct weights {
    tally_real rate, fade, gain, keep, rest, share, beta, epsilon;
} weights;

static weights weights_of(const rmsprop *o, const tally_step *t)
{
    bool square = o->start == SQUARE && t->number == 1;

    return (weights){
        .rate = (tally_real)t->rate,
        .fade = square ? 0 : (tally_real)o->rho,
        .gain = square ? 1 : (tally_real)(1 - o->rho),
        .keep = (tally_real)o->rho,
        .rest = (tally_real)(1 - o->rho),
        .share = o->centred ? 1 : 0,
        .beta = (tally_real)o->beta,
        .epsilon = (tally_real)o->epsilon,
    };
}

/* Neither centred nor with momentum: m and b are left alone. */
static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *restrict v, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        v[i] = a.fade * v[i] + a.gain * slope * slope;
        w[i] -= p->shrink * w[i] + a.rate * slope / (sqrt(v[i]) + a.epsilon);
    }
}

static void move_with_all(const tally_stretch *p, weights a,
                          const tally_real *restrict g, tally_real *const *vmb,
                          tally_real *restrict w)
{
    tally_real *restrict v = vmb[0], *restrict m = vmb[1], *restrict b = vmb[2];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        v[i] = a.fade * v[i] + a.gain * slope * slope;
        m[i] = a.keep * m[i] + a.rest * slope;
        tally_real square = v[i] - a.share * m[i] * m[i];
        square = square < 0 ? 0 : square;
        b[i] = a.beta * b[i] + slope / (sqrt(square) + a.epsilon);
        w[i] -= p->shrink * w[i] + a.rate * b[i];
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const rmsprop *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const vmb[] = {r->state.at[0], r->state.at[1], r->state.at[2]};
    weights a = weights_of(o, t);
    tally_stretch p;

    while (tally_stretches_next(&all, &p)) {
        if (o->centred || o->beta > 0)
            move_with_all(&p, a, agreed.values, vmb, w);
        else
            move(&p, a, agreed.values, vmb[0], w);
    }
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"b", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_rmsprop = {
    .about = {.name = "rmsprop",
              .brief = "the gradient over its running root mean square",
              .paper = "Tieleman and Hinton 2012; arXiv:1308.0850",
              .options = options,
              .options_size = sizeof(rmsprop),
              .slots = slots},
    .apply = apply,
};

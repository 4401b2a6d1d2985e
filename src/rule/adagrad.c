/* adagrad.c — each weight's rate falls with the squares of the gradients it has seen.
 *
 *     g <- g + l2 w
 *     v <- v + g^2                                                      v_0 = initial
 *     w <- w - rate decay w - rate / (1 + (t - 1) rate_decay) g / (sqrt(v) + epsilon)
 *
 * Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization, 2011, JMLR 12, Figure 1, diagonal form.  rate_decay is
 * PyTorch's.  v never shrinks: rmsprop and adadelta forget.
 * State: 1 vector.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>
#include <tgmath.h>

typedef struct adagrad {
    double initial, rate_decay, epsilon, l2, decay;
} adagrad;

static const tally_option options[] = {
    TALLY_OPTION(REAL, adagrad, initial, "0", "[0, inf)",
                 "the sum of squares before the first step"),
    TALLY_OPTION(REAL, adagrad, rate_decay, "0", "[0, inf)",
                 "the rate is divided by 1 + (t - 1) rate_decay"),
    TALLY_OPTION(REAL, adagrad, epsilon, "1e-10", "(0, inf)",
                 "added to the root of the sum"),
    TALLY_OPTION(REAL, adagrad, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, adagrad, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

static tally_status open(tally_rule *r)
{
    const adagrad *o = r->options;
    tally_real *v = r->state.at[0];

    for (size_t i = 0; i < r->layout->length; i++)
        v[i] = (tally_real)o->initial;
    return TALLY_OK;
}

typedef struct weights {
    tally_real step, epsilon;
} weights;

static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *restrict v, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        v[i] += slope * slope;
        w[i] -= p->shrink * w[i] + a.step * slope / (sqrt(v[i]) + a.epsilon);
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const adagrad *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    double slower = 1 + (double)(t->number - 1) * o->rate_decay;
    weights a = {(tally_real)(t->rate / slower), (tally_real)o->epsilon};
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, r->state.at[0], w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_adagrad = {
    .about = {.name = "adagrad",
              .brief = "a rate for each weight, falling with its squared gradients",
              .paper = "Duchi, Hazan and Singer 2011",
              .options = options,
              .options_size = sizeof(adagrad),
              .slots = slots},
    .open = open,
    .apply = apply,
};

/* nesterov.c — momentum that looks ahead before it takes the gradient.
 *
 *     buffer      g at w           m <- beta m + g             w <- w - rate n,
 *                                                            n = g + beta m
 *     lookahead   g at w + beta m  m <- beta m - rate g        w <- w + m
 *     ema         g at w - rate m  m <- beta m + (1 - beta) g  w <- w - rate m
 *     convex      lookahead with beta_k = (t_{k-1} - 1) / t_k,
 *                 t_1 = 1, t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2
 *
 * g stands for g + l2 x at the point x where it is taken; each form also subtracts rate
 * decay w.  Nesterov, A Method of Solving a Convex Programming Problem with Convergence
 * Rate O(1/k^2), 1983 (convex: its y_k is the point looked at, its x_k is w, m is
 * x_k - x_{k-1}); Sutskever et al., On the Importance of Initialization and Momentum in
 * Deep Learning, 2013 (lookahead).  Buffer is PyTorch's: its w is the point that
 * lookahead looks at.
 * State: 1 vector; t_k is a function of the step's number.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

typedef enum form { BUFFER, LOOKAHEAD, EMA, CONVEX } form;

typedef struct nesterov {
    int form;
    double beta, l2, decay;
} nesterov;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, nesterov, form, "buffer", "buffer|lookahead|ema|convex",
                 "what is remembered, and where the gradient is taken"),
    TALLY_OPTION(REAL, nesterov, beta, "0.9", "[0, 1)",
                 "share of the old kept; form=convex has its own"),
    TALLY_OPTION(REAL, nesterov, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, nesterov, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

/* Where the sequence of the convex form stands: a cache, not state. */
typedef struct sequence {
    uint64_t k;
    double t, beta;
} sequence;

static double beta_at(sequence *q, uint64_t k)
{
    if (k < q->k || q->k == 0) *q = (sequence){1, 1, 0};
    while (q->k < k) {
        double next = (1 + sqrt(1 + 4 * q->t * q->t)) / 2;

        *q = (sequence){q->k + 1, next, (q->t - 1) / next};
    }
    return q->beta;
}

static tally_status open(tally_rule *r)
{
    r->inner = calloc(1, sizeof(sequence));
    return r->inner ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for rule nesterov");
}

static void close(tally_rule *r)
{
    free(r->inner);
}

/* g at w + ahead m,  m <- keep m + gain g,  w <- w - step m - lead g: every form. */
typedef struct weights {
    tally_real ahead, keep, gain, step, lead;
} weights;

static weights weights_of(const tally_rule *r, const tally_step *t)
{
    const nesterov *o = r->options;
    double sure = o->form == CONVEX ? beta_at(r->inner, t->number) : o->beta;
    tally_real beta = (tally_real)sure, rate = (tally_real)t->rate;

    if (o->form == BUFFER) return (weights){0, beta, 1, rate * beta, rate};
    if (o->form == EMA) return (weights){-rate, beta, (tally_real)(1 - sure), rate, 0};
    return (weights){beta, beta, -rate, -1, 0};
}

static tally_status place(tally_rule *r, const tally_step *t,
                          const tally_real *restrict w, tally_real *restrict at)
{
    const tally_real *restrict m = r->state.at[0];
    tally_real ahead = weights_of(r, t).ahead;

    for (size_t i = 0; i < r->layout->length; i++)
        at[i] = w[i] + ahead * m[i];
    return TALLY_OK;
}

static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *restrict m, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * (w[i] + a.ahead * m[i]);

        m[i] = a.keep * m[i] + a.gain * slope;
        w[i] -= p->shrink * w[i] + a.step * m[i] + a.lead * slope;
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const nesterov *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    weights a = weights_of(r, t);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, r->state.at[0], w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_nesterov = {
    .about = {.name = "nesterov",
              .brief = "momentum that looks ahead, in four forms",
              .paper = "Nesterov 1983; Sutskever et al. 2013",
              .options = options,
              .options_size = sizeof(nesterov),
              .slots = slots},
    .open = open,
    .place = place,
    .apply = apply,
    .close = close,
};

/* nadam.c — Adam that looks ahead as Nesterov does, with a momentum that grows.
 *
 *     g <- g + l2 w
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) g^2
 *     mu_t = beta1 (1 - 0.96^(t psi) / 2),    P_t = mu_1 ... mu_t
 *     n = (1 - mu_t) / (1 - P_t) g + mu_{t+1} / (1 - P_{t+1}) m
 *     w <- w - rate decay w - rate n / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * Dozat, Incorporating Nesterov Momentum into Adam, 2016, Algorithm 2 with its
 * schedule of the momentum.  PyTorch 1.13 has one mu too many in P_{t+1}; this is the
 * corrected form (its pull request 92699).  P_t follows from the step's number: what
 * the rule keeps of it is a cache, so that spans may come in any order.
 * State: 2 vectors.  Elementwise. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>
#include <stdlib.h>
#include <tgmath.h>

typedef struct nadam {
    double beta1, beta2, psi, epsilon, l2, decay;
} nadam;

static const tally_option options[] = {
    TALLY_OPTION(REAL, nadam, beta1, "0.9", "[0, 1)", "share of the old mean kept"),
    TALLY_OPTION(REAL, nadam, beta2, "0.999", "[0, 1)",
                 "share of the old mean square kept"),
    TALLY_OPTION(REAL, nadam, psi, "0.004", "[0, inf)",
                 "how fast the momentum grows from beta1 / 2 to beta1"),
    TALLY_OPTION(REAL, nadam, epsilon, "1e-8", "(0, inf)",
                 "added to the root mean square"),
    TALLY_OPTION(REAL, nadam, l2, "0", "[0, inf)", "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, nadam, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

/* Where the product stands: a cache, not state. */
typedef struct sequence {
    uint64_t t;
    double product;
} sequence;

static double momentum_at(const nadam *o, uint64_t t)
{
    return o->beta1 * (1 - pow(0.96, (double)t * o->psi) / 2);
}

/* Always multiplied from 1 up: the same bits after a resume. */
static double product_at(sequence *q, const nadam *o, uint64_t t)
{
    if (q->t == 0 || t < q->t) *q = (sequence){0, 1};
    while (q->t < t)
        q->product *= momentum_at(o, ++q->t);
    return q->product;
}

static tally_status open(tally_rule *r)
{
    r->inner = calloc(1, sizeof(sequence));
    return r->inner ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for rule nadam");
}

static void close(tally_rule *r)
{
    free(r->inner);
}

/* now, ahead: what g and m weigh in the step, the rate included. */
typedef struct weights {
    tally_real beta1, rest1, beta2, rest2, epsilon, now, ahead, root;
} weights;

static weights weights_of(const tally_rule *r, const tally_step *t)
{
    const nadam *o = r->options;
    double mu = momentum_at(o, t->number), next = momentum_at(o, t->number + 1);
    double product = product_at(r->inner, o, t->number);

    return (weights){
        .beta1 = (tally_real)o->beta1,
        .rest1 = (tally_real)(1 - o->beta1),
        .beta2 = (tally_real)o->beta2,
        .rest2 = (tally_real)(1 - o->beta2),
        .epsilon = (tally_real)o->epsilon,
        .now = (tally_real)(t->rate * (1 - mu) / (1 - product)),
        .ahead = (tally_real)(t->rate * next / (1 - product * next)),
        .root = (tally_real)(1 / sqrt(1 - pow(o->beta2, (double)t->number))),
    };
}

static void move(const tally_stretch *p, weights a, const tally_real *restrict g,
                 tally_real *const *mv, tally_real *restrict w)
{
    tally_real *restrict m = mv[0], *restrict v = mv[1];

    for (size_t i = p->first; i < p->end; i++) {
        tally_real slope = g[i] + p->l2 * w[i];

        m[i] = a.beta1 * m[i] + a.rest1 * slope;
        v[i] = a.beta2 * v[i] + a.rest2 * slope * slope;
        w[i] -= p->shrink * w[i] +
                (a.now * slope + a.ahead * m[i]) / (sqrt(v[i]) * a.root + a.epsilon);
    }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const nadam *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_real *const mv[] = {r->state.at[0], r->state.at[1]};
    weights a = weights_of(r, t);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, a, agreed.values, mv, w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_nadam = {
    .about = {.name = "nadam",
              .brief = "Adam that looks ahead as Nesterov does",
              .paper = "Dozat 2016",
              .options = options,
              .options_size = sizeof(nadam),
              .slots = slots},
    .open = open,
    .apply = apply,
    .close = close,
};

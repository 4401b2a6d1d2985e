/* sgd.c — a step against the gradient.
 *
 *     w <- w - rate (g + l2 w) - rate decay w
 *
 * Robbins and Monro, A Stochastic Approximation Method, 1951.  With a global batch of
 * all training rows it is gradient descent, which has no name of its own here.
 * State: none.  One pass over g and w; elementwise, so any span may be applied alone.
 * Without momentum the two forms of decay are one, each with its own constant. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <stddef.h>

typedef struct sgd {
    double l2, decay;
} sgd;

static const tally_option options[] = {
    TALLY_OPTION(REAL, sgd, l2, "0", "[0, inf)", "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, sgd, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

static void move(const tally_stretch *p, tally_real rate, const tally_real *restrict g,
                 tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++)
        w[i] -= p->shrink * w[i] + rate * (g[i] + p->l2 * w[i]);
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const sgd *o = r->options;
    tally_stretches all = tally_stretches_of(r->layout, s, o->l2, t->rate * o->decay);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        move(&p, (tally_real)t->rate, agreed.values, w);
    return TALLY_OK;
}

const tally_rule_ops tally_rule_sgd = {
    .about = {.name = "sgd",
              .brief = "a step against the gradient",
              .paper = "Robbins and Monro 1951",
              .options = options,
              .options_size = sizeof(sgd)},
    .apply = apply,
};

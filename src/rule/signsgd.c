/* signsgd.c — a step of one length for every weight, along the sign of the gradient.
 *
 *     w <- w - rate (sign(g) + decay w)                                 sign(0) = 0
 *
 * Bernstein et al., signSGD: Compressed Optimisation for Non-Convex Problems, 2018,
 * arXiv:1802.04434, Algorithm 1.  With the exchange `vote` g is the verdict of a
 * majority and comes as bits.  Decay stays outside the sign.  The length of g does not
 * matter, so neither do loss scaling and clipping.
 * State: none.  Elementwise.  Signum is the same with momentum before the sign. */

#include "rule/rule.h"
#include "rule/signs.h"

#include <stddef.h>

typedef struct signsgd {
    double decay;
} signsgd;

static const tally_option options[] = {
    TALLY_OPTION(REAL, signsgd, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const signsgd *o = r->options;

    tally_signs_apply(tally_stretches_of(r->layout, s, 0, t->rate * o->decay), t->rate,
                      &agreed, w);
    return TALLY_OK;
}

const tally_rule_ops tally_rule_signsgd = {
    .about = {.name = "signsgd",
              .brief = "the sign of the gradient",
              .paper = "arXiv:1802.04434",
              .options = options,
              .options_size = sizeof(signsgd)},
    .takes_bits = true,
    .apply = apply,
};

/* adam.c — a step by the mean gradient over its root mean square.
 *
 *     g <- g + l2 w,  then the two moments and the step of moments.c
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, arXiv:1412.6980.
 * epsilon is added after the corrected root, as in Algorithm 1.  Decay is coupled here:
 * it goes through both moments; adamw has the decoupled form.
 * State: 2 vectors.  Elementwise. */

#include "rule/moments.h"
#include "rule/rule.h"

#include <stddef.h>

static const tally_option options[] = {
    TALLY_OPTION(REAL, tally_moments, beta1, "0.9", "[0, 1)",
                 "share of the old mean kept"),
    TALLY_OPTION(REAL, tally_moments, beta2, "0.999", "[0, 1)",
                 "share of the old mean square kept"),
    TALLY_OPTION(REAL, tally_moments, epsilon, "1e-8", "(0, inf)",
                 "added to the root mean square"),
    TALLY_OPTION(REAL, tally_moments, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_END};

const tally_rule_ops tally_rule_adam = {
    .about = {.name = "adam",
              .brief = "mean gradient over its root mean square",
              .paper = "arXiv:1412.6980",
              .options = options,
              .options_size = sizeof(tally_moments),
              .slots = tally_moments_slots},
    .apply = tally_moments_apply,
};

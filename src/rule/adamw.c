/* adamw.c — Adam whose weight decay stays out of the moments.
 *
 *     w <- w - rate decay w,  then Adam's step without L2: see moments.c
 *
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, arXiv:1711.05101,
 * Algorithm 2, with the schedule inside rate.  State: 2 vectors.  Elementwise. */

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
    TALLY_OPTION(REAL, tally_moments, decay, "0.01", "[0, inf)",
                 "decoupled weight decay"),
    TALLY_END};

const tally_rule_ops tally_rule_adamw = {
    .about = {.name = "adamw",
              .brief = "Adam with decoupled weight decay",
              .paper = "arXiv:1711.05101",
              .options = options,
              .options_size = sizeof(tally_moments),
              .slots = tally_moments_slots},
    .apply = tally_moments_apply,
};

/* adabound.c — Adam whose rates end as the one rate of SGD.
 *
 *     the step of bounds.c over v
 *
 * Luo, Xiong, Liu and Sun, Adaptive Gradient Methods with Dynamic Bound of Learning
 * Rate, 2019, arXiv:1902.09843, Algorithm 2, as in its authors' code.
 * State: 2 vectors.  Elementwise. */

#include "rule/bounds.h"
#include "rule/rule.h"

#include <stddef.h>

static const tally_option options[] = {
    TALLY_OPTION(REAL, tally_bounds, beta1, "0.9", "[0, 1)",
                 "share of the old mean kept"),
    TALLY_OPTION(REAL, tally_bounds, beta2, "0.999", "[0, 1)",
                 "share of the old mean square kept"),
    TALLY_OPTION(REAL, tally_bounds, epsilon, "1e-8", "(0, inf)",
                 "added to the root mean square"),
    TALLY_OPTION(REAL, tally_bounds, final, "100", "(0, inf)",
                 "the rate at the end, in units of the rate"),
    TALLY_OPTION(REAL, tally_bounds, gamma, "0.001", "(0, inf)",
                 "how fast the bounds close on it"),
    TALLY_OPTION(REAL, tally_bounds, l2, "0", "[0, inf)",
                 "L2 penalty, added to the gradient"),
    TALLY_OPTION(REAL, tally_bounds, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_END};

static const tally_slot slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"v", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_adabound = {
    .about = {.name = "adabound",
              .brief = "Adam whose rates close on that of SGD",
              .paper = "arXiv:1902.09843",
              .options = options,
              .options_size = sizeof(tally_bounds),
              .slots = slots},
    .apply = tally_bounds_apply,
};

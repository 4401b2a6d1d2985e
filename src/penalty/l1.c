/* l1.c — the sum of absolute values.
 *
 *     P(w) = strength sum_i |w_i|,    slope  strength sign(w_i),    sign(0) = 0
 *
 * Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996.  This is the
 * subgradient: weights come near zero and cross it, but do not stay there as they do
 * after a proximal step.
 * One pass over w and g; the sum is made in double in eight fixed lanes. */

#include "penalty/penalty.h"

#include <math.h>
#include <stddef.h>

typedef struct l1 {
    double strength;
} l1;

static const tally_option options[] = {
    TALLY_OPTION(REAL, l1, strength, "1e-4", "[0, inf)",
                 "what a sum of absolute values costs"),
    TALLY_END};

static tally_real sign(tally_real x)
{
    return (tally_real)(x > 0) - (tally_real)(x < 0);
}

static double add(const void *opened, tally_span s, double share,
                  const tally_real *restrict w, tally_real *restrict g)
{
    const l1 *o = opened;
    const tally_real slope = (tally_real)(share * o->strength);
    double sum[8] = {0}, all = 0;
    size_t i = s.first, end = s.first + s.count;

    for (; i + 8 <= end; i += 8)
        for (size_t k = 0; k < 8; k++) {
            g[i + k] += slope * sign(w[i + k]);
            sum[k] += fabs((double)w[i + k]);
        }
    for (; i < end; i++) {
        g[i] += slope * sign(w[i]);
        sum[0] += fabs((double)w[i]);
    }
    for (size_t k = 0; k < 8; k++)
        all += sum[k];
    return o->strength * all;
}

const tally_penalty_ops tally_penalty_l1 = {
    .about = {.name = "l1",
              .brief = "the sum of absolute values: few large weights",
              .paper = "Tibshirani 1996",
              .options = options,
              .options_size = sizeof(l1)},
    .add = add,
};

/* l2.c — half the sum of squares.
 *
 *     P(w) = strength / 2 sum_i w_i^2,    slope  strength w_i
 *
 * Hoerl and Kennard, Ridge Regression, 1970.  The slope is that of a rule's option l2.
 * Here it is part of the objective: every rule has it, bounds on the gradient and votes
 * see it, and the reported loss has P in it.  Decoupled decay is another thing, and is
 * a rule's option decay.
 * One pass over w and g; the sum is made in double in eight fixed lanes. */

#include "penalty/penalty.h"

#include <stddef.h>

typedef struct l2 {
    double strength;
} l2;

static const tally_option options[] = {
    TALLY_OPTION(REAL, l2, strength, "1e-4", "[0, inf)", "what a sum of squares costs"),
    TALLY_END};

static double add(const void *opened, tally_span s, double share,
                  const tally_real *restrict w, tally_real *restrict g)
{
    const l2 *o = opened;
    const tally_real slope = (tally_real)(share * o->strength);
    double sum[8] = {0}, all = 0;
    size_t i = s.first, end = s.first + s.count;

    for (; i + 8 <= end; i += 8)
        for (size_t k = 0; k < 8; k++) {
            g[i + k] += slope * w[i + k];
            sum[k] += (double)w[i + k] * (double)w[i + k];
        }
    for (; i < end; i++) {
        g[i] += slope * w[i];
        sum[0] += (double)w[i] * (double)w[i];
    }
    for (size_t k = 0; k < 8; k++)
        all += sum[k];
    return o->strength / 2 * all;
}

const tally_penalty_ops tally_penalty_l2 = {
    .about = {.name = "l2",
              .brief = "half the sum of squares: small weights",
              .paper = "Hoerl and Kennard 1970",
              .options = options,
              .options_size = sizeof(l2)},
    .add = add,
};

/* ipm.c — inner-product manipulation: against the mean of the honest.
 *
 *     say  -epsilon mu
 *
 * Xie, Koyejo, Gupta, Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product
 * Manipulation, 2019, arXiv:1903.03936, section 4.  A small epsilon hides among the
 * honest and still turns the aggregate; a large one is a loud flip. */

#include "attack/attack.h"

#include <stddef.h>

typedef struct ipm {
    tally_sizes ranks;
    double epsilon;
} ipm;

static const tally_option options[] = {
    TALLY_LIARS(ipm),
    TALLY_OPTION(REAL, ipm, epsilon, "0.1", "(0, inf)", "how far against the mean"),
    TALLY_END,
};

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    const tally_real epsilon = (tally_real)((const ipm *)a->options)->epsilon;

    (void)step;
    for (size_t i = 0; i < a->length; i++)
        said[i] = -epsilon * a->mean[i];
}

const tally_attack_ops tally_attack_ipm = {
    .about = {.name = "ipm",
              .brief = "against the mean of the honest",
              .paper = "Xie et al. 2019, arXiv:1903.03936",
              .options = options,
              .options_size = sizeof(ipm)},
    .insight = TALLY_MOMENTS,
    .lie = lie,
};

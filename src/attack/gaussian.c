/* gaussian.c — noise, instead of a gradient or on top of it.
 *
 *     say  N(0, deviation^2)   or with add=true   g + N(0, deviation^2)
 *
 * Blanchard et al., Machine Learning with Adversaries, 2017, section 6 (there with a
 * deviation of 200). */

#include "attack/attack.h"
#include "num/random.h"

#include <stddef.h>

typedef struct gaussian {
    tally_sizes ranks;
    double deviation;
    bool add;
} gaussian;

static const tally_option options[] = {
    TALLY_LIARS(gaussian),
    TALLY_OPTION(REAL, gaussian, deviation, "1", "[0, inf)", "of each value"),
    TALLY_OPTION(FLAG, gaussian, add, "false", NULL, "added to the honest value"),
    TALLY_END,
};

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    const gaussian *o = a->options;

    for (size_t i = 0; i < a->length; i += 2) {
        double pair[2];

        tally_random_normal(a->own, TALLY_FOR_ATTACK, step, i / 2, pair);
        for (size_t k = 0; k < 2 && i + k < a->length; k++)
            said[i + k] = (o->add ? said[i + k] : (tally_real)0) +
                          (tally_real)(o->deviation * pair[k]);
    }
}

const tally_attack_ops tally_attack_gaussian = {
    .about = {.name = "gaussian",
              .brief = "noise instead of a gradient, or on top of it",
              .paper = "Blanchard et al. 2017",
              .options = options,
              .options_size = sizeof(gaussian)},
    .lie = lie,
};

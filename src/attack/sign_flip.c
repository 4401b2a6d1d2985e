/* sign_flip.c — the opposite, louder or softer.
 *
 *     say  -factor g
 *
 * The adversary of Bernstein et al., signSGD with Majority Vote, 2018,
 * arXiv:1810.05291, section 3.3, at factor 1; a mean is turned around by n / f - 1 of
 * it and more. */

#include "attack/attack.h"

#include <stddef.h>

typedef struct sign_flip {
    tally_sizes ranks;
    double factor;
} sign_flip;

static const tally_option options[] = {
    TALLY_LIARS(sign_flip),
    TALLY_OPTION(REAL, sign_flip, factor, "1", "(0, inf)", "how loud"),
    TALLY_END,
};

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    const tally_real factor = (tally_real)((const sign_flip *)a->options)->factor;

    (void)step;
    for (size_t i = 0; i < a->length; i++)
        said[i] *= -factor;
}

const tally_attack_ops tally_attack_sign_flip = {
    .about = {.name = "sign_flip",
              .brief = "the opposite, times a factor",
              .paper = "Bernstein et al. 2018, arXiv:1810.05291",
              .options = options,
              .options_size = sizeof(sign_flip)},
    .lie = lie,
};

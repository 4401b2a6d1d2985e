/* nan.c — what is not a number, or an infinite one: a rank whose arithmetic has failed.
 *
 *     say  NaN   or with value=inf   infinity with the sign of g */

#include "attack/attack.h"

#include <math.h>
#include <stddef.h>

typedef struct not_a_number {
    tally_sizes ranks;
    int value;
} not_a_number;

static const tally_option options[] = {
    TALLY_LIARS(not_a_number),
    TALLY_OPTION(CHOICE, not_a_number, value, "nan", "nan|inf", "what is said"),
    TALLY_END,
};

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    const not_a_number *o = a->options;

    (void)step;
    for (size_t i = 0; i < a->length; i++)
        said[i] = o->value ? (tally_real)copysign((double)INFINITY, (double)said[i])
                           : (tally_real)NAN;
}

const tally_attack_ops tally_attack_nan = {
    .about = {.name = "nan",
              .brief = "NaN, or infinities",
              .paper = "",
              .options = options,
              .options_size = sizeof(not_a_number)},
    .lie = lie,
};

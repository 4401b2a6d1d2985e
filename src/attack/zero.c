/* zero.c — nothing: a rank that is there and does not help.
 *
 *     say  0 */

#include "attack/attack.h"

#include <stddef.h>
#include <string.h>

typedef struct zero {
    tally_sizes ranks;
} zero;

static const tally_option options[] = {TALLY_LIARS(zero), TALLY_END};

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    (void)step;
    memset(said, 0, a->length * sizeof *said);
}

const tally_attack_ops tally_attack_zero = {
    .about = {.name = "zero",
              .brief = "nothing",
              .paper = "",
              .options = options,
              .options_size = sizeof(zero)},
    .lie = lie,
};

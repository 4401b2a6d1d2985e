/* straggler.c — honest, but late.
 *
 *     with probability `chance` a rank speaks `seconds` later
 *
 * Simulated ranks are charged the time on their virtual clock, others sleep. */

#include "attack/attack.h"
#include "num/random.h"

#include <stddef.h>

typedef struct straggler {
    tally_sizes ranks;
    double seconds, chance;
} straggler;

static const tally_option options[] = {
    TALLY_LIARS(straggler),
    TALLY_OPTION(REAL, straggler, seconds, "0.01", "[0, 3600]", "how much later"),
    TALLY_OPTION(REAL, straggler, chance, "1", "[0, 1]", "that a step is late"),
    TALLY_END,
};

static double delay(const tally_attack *a, uint64_t step)
{
    const straggler *o = a->options;

    return tally_random_uniform(a->own, TALLY_FOR_ATTACK, step, 0) < o->chance
               ? o->seconds
               : 0;
}

const tally_attack_ops tally_attack_straggler = {
    .about = {.name = "straggler",
              .brief = "honest, but late",
              .paper = "",
              .options = options,
              .options_size = sizeof(straggler)},
    .delay = delay,
};

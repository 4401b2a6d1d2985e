/* straggler.c — honest, but late.
 *
 *     with probability `chance` a rank speaks later, by
 *         seconds + (factor - 1) (what it computed for the gradient)
 *
 * Simulated ranks are charged the time on their virtual clock, others sleep.  What a
 * rank computed for is what was declared of simulated ranks, and processor time of
 * others, so that it is not the longer for sharing a core; with --trainer.nap, which
 * stands for computing, that as well. */

#include "attack/attack.h"
#include "num/random.h"

#include <math.h>
#include <stddef.h>

typedef struct straggler {
    tally_sizes ranks;
    double seconds, factor, chance;
} straggler;

static const tally_option options[] = {
    TALLY_LIARS(straggler),
    TALLY_OPTION(REAL, straggler, seconds, NULL, "[0, 3600]",
                 "how much later; 0.01 unless it or factor is given"),
    TALLY_OPTION(REAL, straggler, factor, "1", "[1, 1e6]",
                 "how many times as long a gradient takes"),
    TALLY_OPTION(REAL, straggler, chance, "1", "[0, 1]", "that a step is late"),
    TALLY_END,
};

static double delay(const tally_attack *a, uint64_t step)
{
    const straggler *o = a->options;

    double seconds = o->seconds;

    if (isnan(seconds)) seconds = o->factor > 1 ? 0 : 0.01;
    return tally_random_uniform(a->own, TALLY_FOR_ATTACK, step, 0) < o->chance
               ? seconds + (o->factor - 1) * a->worked
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

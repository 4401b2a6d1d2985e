/* step.c — the rate drops by a factor after every so many steps.
 *
 *     rate_t = rate factor^floor(t / every)                      t = 0, 1, ... */

#include "schedule/schedule.h"

#include <math.h>
#include <stddef.h>

typedef struct step {
    uint64_t every;
    double factor;
} step;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, step, every, "1000", "[1, inf)", "steps between two drops"),
    TALLY_OPTION(REAL, step, factor, "0.1", "(0, 1]", "what a drop leaves of the rate"),
    TALLY_END};

static double factor(const void *opened, uint64_t t, uint64_t steps)
{
    const step *o = opened;

    (void)steps;
    return pow(o->factor, (double)(t / o->every));
}

const tally_schedule_ops tally_schedule_step = {
    .about = {.name = "step",
              .brief = "a drop after every so many steps",
              .paper = "",
              .options = options,
              .options_size = sizeof(step)},
    .factor = factor,
};

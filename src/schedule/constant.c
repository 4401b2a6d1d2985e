/* constant.c — the base rate, from warm-up to end. */

#include "schedule/schedule.h"

static double factor(const void *options, uint64_t step, uint64_t steps)
{
    (void)options;
    (void)step;
    (void)steps;
    return 1;
}

const tally_schedule_ops tally_schedule_constant = {
    .about = {.name = "constant", .brief = "the base rate throughout", .paper = ""},
    .factor = factor,
};

/* invsqrt.c — the rate falls with the square root of the step's number.
 *
 *     rate_t = rate sqrt(max(1, after) / (after + t + 1))        t = 0, 1, ...
 *
 * after=0 is rate / sqrt(t + 1), the choice of regret bounds (Zinkevich, Online Convex
 * Programming and Generalized Infinitesimal Gradient Ascent, 2003).  With after equal
 * to --warmup it is rate sqrt(W / n) at step number n of the run, as in Vaswani et al.,
 * Attention Is All You Need, 2017, arXiv:1706.03762, equation 3, which goes on where
 * the warm-up ends: their factor d^-0.5 W^-0.5 is in the rate. */

#include "schedule/schedule.h"

#include <math.h>
#include <stddef.h>

typedef struct invsqrt {
    uint64_t after;
} invsqrt;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, invsqrt, after, "0", "[0, 1e12]",
                 "steps that count as taken before, such as those of the warm-up"),
    TALLY_END};

static double factor(const void *opened, uint64_t t, uint64_t steps)
{
    const invsqrt *o = opened;
    double after = (double)o->after;

    (void)steps;
    return sqrt(fmax(1, after) / (after + (double)t + 1));
}

const tally_schedule_ops tally_schedule_invsqrt = {
    .about = {.name = "invsqrt",
              .brief = "falls with the square root of the step's number",
              .paper = "Zinkevich 2003; arXiv:1706.03762",
              .options = options,
              .options_size = sizeof(invsqrt)},
    .factor = factor,
};

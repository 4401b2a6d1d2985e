/* cosine.c — half a cosine from the base rate down to a fraction of it.
 *
 *     rate_t = rate (least + (1 - least) (1 + cos(pi t / steps)) / 2)    t = 0, 1, ...
 *
 * Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017,
 * arXiv:1608.03983, equation 5, without restarts.  t = 0 has the base rate; t = steps,
 * one past the last step, would have least. */

#include "schedule/schedule.h"

#include <math.h>
#include <stddef.h>

typedef struct cosine {
    double least;
} cosine;

static const tally_option options[] = {
    TALLY_OPTION(REAL, cosine, least, "0", "[0, 1]",
                 "share of the base rate at the end"),
    TALLY_END};

static double factor(const void *opened, uint64_t t, uint64_t steps)
{
    const cosine *o = opened;
    const double pi = acos(-1.0);

    if (t >= steps) return o->least;
    return o->least + (1 - o->least) * (1 + cos(pi * (double)t / (double)steps)) / 2;
}

const tally_schedule_ops tally_schedule_cosine = {
    .about = {.name = "cosine",
              .brief = "half a cosine down to a fraction of the rate",
              .paper = "arXiv:1608.03983",
              .options = options,
              .options_size = sizeof(cosine)},
    .factor = factor,
};

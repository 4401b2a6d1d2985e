/* pace.c — how long steps take: their sum and their median, over the last 4096. */

#include "trainer/pace.h"

#include <stdlib.h>

enum { TIMES_KEPT = 4096 };

tally_status trainer_pace_open(trainer_pace *p)
{
    p->times = tally_allocate(TIMES_KEPT, sizeof *p->times);
    if (!p->times) return TALLY_FAIL(MEMORY, "no memory for %d times", TIMES_KEPT);
    return TALLY_OK;
}

void trainer_pace_close(trainer_pace *p)
{
    free(p->times);
    *p = (trainer_pace){0};
}

void trainer_pace_add(trainer_pace *p, double seconds)
{
    p->times[p->taken++ % TIMES_KEPT] = seconds;
    p->seconds += seconds;
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void trainer_pace_tell(trainer_pace *p, tally_result *result)
{
    size_t n = p->taken < TIMES_KEPT ? (size_t)p->taken : TIMES_KEPT;

    qsort(p->times, n, sizeof *p->times, compare_times);
    result->step_median_seconds = n ? p->times[n / 2] : 0;
    result->seconds = p->seconds;
}

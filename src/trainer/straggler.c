/* straggler.c — which rank the others wait for, step after step.
 *
 *     c_r     seconds of rank r's gradients in a window of 20 steps and some seconds
 *     late    c_r > 1.5 median of the others' c  and  c_r - median > 0.1 of all the
 * time
 *
 * Every rank tells in its report how long its gradient took, so no clocks need to
 * agree. A rank that computes less than another waits for it, by at least the
 * difference; what is left of its exchange is moving bytes.
 *
 * A rank may compute longer because its code is slower, or because its thread waits for
 * a processor: the time that passed less that of its thread tells which. */

#include "trainer/straggler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_LEAST = 20 };

static const double factor_least = 1.5, share_least = 0.1, starved_least = 0.2;

tally_status trainer_straggler_open(trainer_straggler *s, int size, double window)
{
    size_t count = (size_t)size;

    *s = (trainer_straggler){.size = size,
                             .window = window,
                             .computed = calloc(count, sizeof *s->computed),
                             .starved = calloc(count, sizeof *s->starved),
                             .sorted = calloc(count, sizeof *s->sorted),
                             .told = calloc(count, sizeof *s->told)};
    if (s->computed && s->starved && s->sorted && s->told) return TALLY_OK;
    return TALLY_FAIL(MEMORY, "no memory to compare %d ranks", size);
}

void trainer_straggler_close(trainer_straggler *s)
{
    free(s->computed);
    free(s->starved);
    free(s->sorted);
    free(s->told);
    *s = (trainer_straggler){0};
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int find_slowest(const trainer_straggler *s)
{
    int slowest = -1;

    for (int r = 0; r < s->size; r++)
        if (!s->told[r] && (slowest < 0 || s->computed[r] > s->computed[slowest]))
            slowest = r;
    return slowest;
}

/* What a rank's gradients would take on a processor of its own. */
static double own_time(const trainer_straggler *s, int rank)
{
    return fmax(0, s->computed[rank] - s->starved[rank]);
}

static double all_time(const trainer_straggler *s, int rank)
{
    return s->computed[rank];
}

/* Of all ranks but one; of an even number the lower one in the middle. */
static double median_but(const trainer_straggler *s, int rank,
                         double (*time)(const trainer_straggler *s, int rank))
{
    size_t n = 0;

    for (int r = 0; r < s->size; r++)
        if (r != rank) s->sorted[n++] = time(s, r);
    qsort(s->sorted, n, sizeof *s->sorted, by_size);
    return s->sorted[(n - 1) / 2];
}

static void end_window(trainer_straggler *s)
{
    memset(s->computed, 0, (size_t)s->size * sizeof *s->computed);
    memset(s->starved, 0, (size_t)s->size * sizeof *s->starved);
    s->seconds = 0;
    s->steps = 0;
}

const char *trainer_straggler_cause(double computed, double starved, double others,
                                    char cause[160])
{
    double without = fmin(1, starved / computed);
    double own = computed - starved;
    bool slow = own > factor_least * others && own - others > share_least * computed;

    *cause = '\0';
    if (without > starved_least)
        snprintf(cause, 160, "; for %.0f %% of that it had no processor%s",
                 100 * without,
                 slow ? ", and it is slower without that too"
                      : ": start fewer ranks or threads there, or free its processors");
    return cause;
}

int trainer_straggler_add(trainer_straggler *s, const step_report *all, double seconds,
                          const char *(*host)(const void *context, int rank),
                          const void *context, char *sentence, size_t most)
{
    if (s->size < 2) return -1;
    for (int r = 0; r < s->size; r++) {
        s->computed[r] += (double)all[r].computed;
        s->starved[r] += (double)all[r].starved;
    }
    s->seconds += seconds;
    if (++s->steps < STEPS_LEAST || s->seconds < s->window) return -1;

    int slowest = find_slowest(s);
    double others = slowest < 0 ? 0 : median_but(s, slowest, all_time);
    double mine = slowest < 0 ? 0 : s->computed[slowest], steps = (double)s->steps;
    if (mine > factor_least * others && mine - others > share_least * s->seconds) {
        const char *where = host ? host(context, slowest) : NULL;
        char cause[160];

        s->told[slowest] = true;
        snprintf(
            sentence, most,
            "rank %d%s%s computes %.3g ms a step, the others %.3g: they wait for it "
            "%.0f %% of the time%s",
            slowest, where ? " on " : "", where ? where : "", 1e3 * mine / steps,
            1e3 * others / steps, 100 * (mine - others) / s->seconds,
            trainer_straggler_cause(s->computed[slowest], s->starved[slowest],
                                    median_but(s, slowest, own_time), cause));
    } else {
        slowest = -1;
    }
    end_window(s);
    return slowest;
}

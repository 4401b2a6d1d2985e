/* allreduce.c — how long the sums take: every algorithm, from 4 KiB to 64 MiB.
 *
 *     mpirun -n 2 bench_allreduce [REPEATS [ALGORITHM ...]]
 *
 * In place, one sum at a time, the algorithms interleaved so that all see the same
 * machine; a repeat lasts as long as its slowest rank, and the median is told.  Before
 * each the vector is written anew, after it every value is checked.
 *
 *     algorithm bandwidth   bytes of the vector / seconds
 *     bus bandwidth         that times 2 (size-1)/size: what a link would have to carry
 *
 * ratio: the time of the first algorithm by this one's, so more is faster. */

#include "tally/collective.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct contender {
    const char *name;
    tally_sum_algorithm algorithm;
} contender;

static const contender contenders[] = {
    {"native",  TALLY_SUM_NATIVE },
    {"ring",    TALLY_SUM_RING   },
    {"halving", TALLY_SUM_HALVING},
    {"tree",    TALLY_SUM_TREE   },
    {"shm",     TALLY_SUM_SHM    },
};

enum { CONTENDERS = sizeof contenders / sizeof *contenders, REPEATS_MOST = 1000 };

typedef struct request {
    int repeats;
    bool wanted[CONTENDERS];
} request;

/* Whole numbers below 2^24 / size, so that every order of summing is exact. */
static tally_real value_of(int rank, size_t i, int repeat)
{
    return (tally_real)((rank + 1) * (int)((i + (size_t)repeat) % 17));
}

static tally_status check(const tally_comm *c, const tally_real *v, size_t n,
                          int repeat)
{
    int ranks = c->size * (c->size + 1) / 2;

    for (size_t i = 0; i < n; i++) {
        tally_real want = (tally_real)(ranks * (int)((i + (size_t)repeat) % 17));

        if (v[i] < want || v[i] > want)
            return TALLY_FAIL(MISMATCH, "value %zu of %zu is %g, expected %g", i, n,
                              (double)v[i], (double)want);
    }
    return TALLY_OK;
}

/* Seconds of one sum on its slowest rank. */
static tally_status time_one(tally_sum *s, tally_real *v, size_t n, int repeat,
                             double *seconds)
{
    tally_comm *c = s->task.comm;
    double *all = calloc((size_t)c->size, sizeof *all);

    if (!all) return TALLY_FAIL(MEMORY, "no memory for %d times", c->size);
    for (size_t i = 0; i < n; i++)
        v[i] = value_of(c->rank, i, repeat);
    tally_status status = tally_barrier(c);
    double start = tally_now(c);
    if (!status) status = tally_sum_start(s, v, n);
    if (!status) status = tally_sum_wait(s);
    double mine = tally_now(c) - start;
    if (!status) status = check(c, v, n, repeat);
    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    *seconds = 0;
    for (int r = 0; r < c->size; r++)
        if (all[r] > *seconds) *seconds = all[r];
    free(all);
    return status;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const tally_comm *c, const request *q, size_t bytes,
                   double (*times)[REPEATS_MOST])
{
    double first = 0, share = 2.0 * (c->size - 1) / c->size;

    for (int k = 0; k < CONTENDERS; k++) {
        if (!q->wanted[k]) continue;
        qsort(times[k], (size_t)q->repeats, sizeof *times[k], by_size);
        double median = times[k][q->repeats / 2], rate = (double)bytes / median / 1e9;
        if (first <= 0) first = median;
        printf("%10zu %6d  %-8s %10.1f %10.1f %8.3f %8.3f %7.2f\n", bytes, c->size,
               contenders[k].name, median * 1e6, times[k][0] * 1e6, rate, rate * share,
               first / median);
    }
    fflush(stdout);
}

static tally_status measure(tally_comm *c, const request *q, size_t bytes,
                            double (*times)[REPEATS_MOST])
{
    size_t n = bytes / sizeof(tally_real);
    tally_real *v = malloc(bytes);
    tally_sum sums[CONTENDERS] = {{.n = 0}};
    tally_status status =
        v ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %zu bytes", bytes);

    for (int k = 0; !status && k < CONTENDERS; k++)
        status = tally_sum_open(&sums[k], c, TALLY_USER, k, contenders[k].algorithm, n);
    /* The first two repeats warm up. */
    for (int i = -2; !status && i < q->repeats; i++)
        for (int k = 0; !status && k < CONTENDERS; k++)
            if (q->wanted[k])
                status = time_one(&sums[k], v, n, i + 2, &times[k][i < 0 ? 0 : i]);
    if (!status && c->rank == 0) report(c, q, bytes, times);
    for (int k = 0; k < CONTENDERS; k++)
        tally_sum_close(&sums[k]);
    free(v);
    return status;
}

static tally_status body(tally_comm *c, void *context)
{
    const request *q = context;
    double(*times)[REPEATS_MOST] = calloc(CONTENDERS, sizeof *times);
    tally_status status = TALLY_OK;

    if (!times) return TALLY_FAIL(MEMORY, "no memory for times");
    if (c->rank == 0)
        printf("%10s %6s  %-8s %10s %10s %8s %8s %7s\n", "bytes", "ranks", "sum",
               "median us", "best us", "alg GB/s", "bus GB/s", "ratio");
    for (size_t bytes = 4096; !status && bytes <= (size_t)64 << 20; bytes *= 4)
        status = measure(c, q, bytes, times);
    if (!status) status = measure(c, q, (size_t)32 << 20, times);
    free(times);
    return status;
}

static bool want(request *q, const char *name)
{
    for (int k = 0; k < CONTENDERS; k++)
        if (strcmp(contenders[k].name, name) == 0) return q->wanted[k] = true;
    return false;
}

int main(int argc, char **argv)
{
    request q = {.repeats = argc > 1 ? atoi(argv[1]) : 15};

    for (int k = 0; k < CONTENDERS; k++)
        q.wanted[k] = argc <= 2;
    for (int i = 2; i < argc; i++)
        if (!want(&q, argv[i])) q.repeats = 0;
    if (q.repeats < 1 || q.repeats > REPEATS_MOST) {
        fprintf(stderr, "usage: bench_allreduce [REPEATS (1 to %d) [ALGORITHM ...]]\n",
                REPEATS_MOST);
        return TALLY_OPTION;
    }
    tally_status status = tally_launch("auto", body, &q);
    if (status) fprintf(stderr, "bench: %s\n", tally_error_sentence());
    return (int)status;
}

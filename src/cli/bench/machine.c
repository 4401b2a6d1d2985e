/* machine.c — the clock, what memory gives and what products give: the rates that
 * others are held against.
 *
 *     read      every word of an array added up
 *     copy      memcpy; its bytes count twice, once read and once written
 *     product   n x n by n x n; 2 n^3 operations
 *
 * as McCalpin, Memory Bandwidth and Machine Balance, 1995 (STREAM): the best of some
 * passes, memory over arrays that no cache holds. */

#include "cli/bench/bench.h"
#include "num/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PASSES = 5 };

static const double product_seconds = 0.3;

static double read_clock(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_work(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bench_times bench_summary(double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, by_size);
    double low = seconds[(n - 1) / 2], high = seconds[n / 2];
    return (bench_times){
        .least = seconds[0],
        .median = low < high ? (low + high) / 2 : low, /* of infinite ones, too */
        .most = seconds[n - 1],
    };
}

static uint64_t read_all(const uint64_t *words, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += words[i];
    return sum;
}

void bench_traffic(const tally_real *v, tally_real *w, size_t n)
{
    volatile uint64_t sum = 0; /* so that the reading is not left out */

    sum +=
        read_all((const uint64_t *)(const void *)v, n * sizeof *v / sizeof(uint64_t));
    for (size_t i = 0; i < n; i++)
        w[i] += (tally_real)1e-6;
    (void)sum;
}

tally_status bench_memory_measure(size_t bytes, bench_memory *m)
{
    uint64_t *from = malloc(bytes), *to = malloc(bytes);
    volatile uint64_t sum = 0; /* so that the reading is not left out */

    *m = (bench_memory){0};
    if (!from || !to) {
        free(from);
        free(to);
        return TALLY_FAIL(MEMORY, "no memory for two arrays of %zu bytes", bytes);
    }
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    for (int i = 0; i < PASSES; i++) {
        double begin = bench_work();

        sum += read_all(from, bytes / sizeof *from);
        double between = bench_work();
        memcpy(to, from, bytes);
        double end = bench_work();
        m->read = fmax(m->read, (double)bytes / (between - begin));
        m->copy = fmax(m->copy, 2 * (double)bytes / (end - between));
        from[i] = to[i] + sum;
    }
    free(from);
    free(to);
    return TALLY_OK;
}

tally_status bench_product_measure(size_t n, double (*clock)(void), double *flops)
{
    tally_real *v = tally_allocate(3 * n * n, sizeof *v);
    double end = bench_now() + product_seconds;

    *flops = 0;
    if (!v) return TALLY_FAIL(MEMORY, "no memory for a product of %zu rows", n);
    for (size_t i = 0; i < 3 * n * n; i++)
        v[i] = 1;
    for (int i = 0; i <= PASSES || bench_now() < end; i++) {
        double begin = clock();

        tally_gemm_nn((tally_product){n, n, n}, v, v + n * n, false, v + 2 * n * n);
        double rate = 2 * pow((double)n, 3) / (clock() - begin);
        if (i > 0) *flops = fmax(*flops, rate); /* the first wakes it up */
    }
    free(v);
    return TALLY_OK;
}

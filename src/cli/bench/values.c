/* values.c — vectors whose sums and majorities are known. */

#include "cli/bench/bench.h"
#include "num/random.h"

#include <math.h>

enum { SEED = 1 };

static int value_of(int rank, uint64_t repeat, size_t i)
{
    uint64_t random =
        tally_random(SEED, TALLY_FOR_TESTS, repeat << 32 | (uint64_t)rank, i);

    return (int)(random % 64) * 2 - 63;
}

void bench_values_make(bench_values *values, const tally_comm *c, uint64_t repeat)
{
    for (size_t i = 0; i < BENCH_PERIOD; i++) {
        int sum = 0, votes = 0;

        for (int r = 0; r < c->size; r++) {
            int value = value_of(r, repeat, i);

            sum += value;
            votes += value > 0 ? 1 : -1;
            if (r == c->rank) values->mine[i] = (tally_real)value;
        }
        values->sum[i] = sum;
        values->votes[i] = votes;
    }
}

void bench_values_write(const bench_values *values, tally_real *v, size_t n)
{
    for (size_t i = 0, k = 0; i < n; i++) {
        v[i] = values->mine[k];
        k = k + 1 < BENCH_PERIOD ? k + 1 : 0;
    }
}

/* What v[i] must be; for a tie that may fall either way, the sign that it has. */
static double expected(const bench_values *values, bench_check check, bench_tie tie,
                       size_t k, tally_real is)
{
    int votes = values->votes[k];

    if (check == BENCH_EXACT) return values->sum[k];
    if (votes != 0) return votes > 0 ? 1 : -1;
    if (tie == BENCH_TIE_ZERO) return 0;
    return tie == BENCH_TIE_EITHER && is < 0 ? -1 : 1;
}

static tally_status check_finite(const tally_real *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return TALLY_FAIL(MISMATCH, "value %zu of %zu is %g, expected a number", i,
                              n, (double)v[i]);
    return TALLY_OK;
}

tally_status bench_values_check(const bench_values *values, bench_check check,
                                bench_tie tie, const tally_real *v, size_t n)
{
    if (check == BENCH_AGREED) return check_finite(v, n);
    for (size_t i = 0, k = 0; i < n; i++) {
        double want = expected(values, check, tie, k, v[i]);

        if (!(fabs((double)v[i] - want) <= 0))
            return TALLY_FAIL(MISMATCH, "value %zu of %zu is %g, expected %g", i, n,
                              (double)v[i], want);
        k = k + 1 < BENCH_PERIOD ? k + 1 : 0;
    }
    return TALLY_OK;
}

double bench_values_error(const bench_values *values, const tally_real *v, size_t n)
{
    double error = 0, most = 0;

    for (size_t i = 0, k = 0; i < n; i++) {
        error = fmax(error, fabs((double)v[i] - values->sum[k]));
        most = fmax(most, fabs(values->sum[k]));
        k = k + 1 < BENCH_PERIOD ? k + 1 : 0;
    }
    return most > 0 ? error / most : error;
}

/* aggregate.c — each aggregate against its definition, in double, by the dullest code.
 */

#include "tally/aggregate.h"

#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { N = 11, LENGTH = 150 };

static tally_real u[N][LENGTH];

static tally_status keep(void *context, double *v, size_t m)
{
    (void)context, (void)v, (void)m;
    return TALLY_OK;
}

/* Two of the rows lie far off, one by a little. */
static void fill(void)
{
    for (size_t r = 0; r < N; r++)
        for (size_t i = 0; i < LENGTH; i++) {
            double pair[2];

            tally_random_normal(4, TALLY_FOR_TESTS, r, i, pair);
            u[r][i] = (tally_real)(1 + pair[0] +
                                   (r == 2   ? 9
                                    : r == 5 ? -20
                                    : r == 7 ? 0.7
                                             : 0));
        }
}

static void run(const char *spec, size_t bucket, uint64_t step, tally_real *result)
{
    static tally_real rows[N][LENGTH];
    tally_real *at[N];
    size_t length = LENGTH;
    tally_layout layout = {0};
    tally_aggregate a;

    memcpy(rows, u, sizeof u);
    for (size_t r = 0; r < N; r++)
        at[r] = rows[r];
    expect_ok(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    expect_ok(tally_aggregate_open(&a, spec, &layout, N, bucket, 1));
    expect_ok(tally_aggregate_combine(
        &a, (tally_rows){.n = N, .count = LENGTH, .step = step, .at = at, .sum = keep},
        result));
    tally_aggregate_close(&a);
    tally_layout_close(&layout);
}

static void check(const char *spec, const double *want)
{
    tally_real result[LENGTH];

    run(spec, 1, 0, result);
    for (size_t i = 0; i < LENGTH; i++)
        cr_assert(fabs((double)result[i] - want[i]) <=
                      64 * REAL_EPSILON * (1 + fabs(want[i])),
                  "%s: value %zu is %.9g, expected %.9g", spec, i, (double)result[i],
                  want[i]);
}

static int rise(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void sorted_column(size_t i, double column[N])
{
    for (size_t r = 0; r < N; r++)
        column[r] = (double)u[r][i];
    qsort(column, N, sizeof *column, rise);
}

static double distance(const double *x, size_t r)
{
    double sum = 0;

    for (size_t i = 0; i < LENGTH; i++)
        sum += (x[i] - (double)u[r][i]) * (x[i] - (double)u[r][i]);
    return sum;
}

/* Krum's score among the rows that are left. */
static double score(size_t i, const bool *left, size_t f)
{
    double d[N], x[LENGTH], sum = 0;
    size_t n = 0, living = 0;

    for (size_t k = 0; k < LENGTH; k++)
        x[k] = (double)u[i][k];
    for (size_t r = 0; r < N; r++) {
        living += left[r];
        if (r != i && left[r]) d[n++] = distance(x, r);
    }
    qsort(d, n, sizeof *d, rise);
    size_t near = living >= f + 3 ? living - f - 2 : 1;
    for (size_t k = 0; k < near && k < n; k++)
        sum += d[k];
    return sum;
}

static size_t best_of(const bool *among, const bool *left, size_t f)
{
    size_t best = N;

    for (size_t r = 0; r < N; r++)
        if (among[r] && (best == N || score(r, left, f) < score(best, left, f)))
            best = r;
    return best;
}

Test(aggregate, means_are_means)
{
    double mean[LENGTH], weighted[LENGTH];

    fill();
    for (size_t i = 0; i < LENGTH; i++) {
        mean[i] = weighted[i] = 0;
        for (size_t r = 0; r < N; r++) {
            mean[i] += (double)u[r][i] / N;
            weighted[i] += (double)u[r][i] * (r == 0 ? 4 : r == 5 ? 0 : 1) / 13;
        }
    }
    check("mean", mean);
    check("weighted_mean", mean);
    check("weighted_mean:weights=4x1x1x1x1x0x1x1x1x1x1", weighted);
}

Test(aggregate, medians_and_trimmed_means_are_of_each_coordinate)
{
    double median[LENGTH], trimmed[LENGTH], majority[LENGTH];

    fill();
    for (size_t i = 0; i < LENGTH; i++) {
        double column[N];
        int votes = 0;

        sorted_column(i, column);
        median[i] = column[N / 2];
        trimmed[i] = 0;
        for (size_t r = 2; r < N - 2; r++)
            trimmed[i] += column[r] / (N - 4);
        for (size_t r = 0; r < N; r++)
            votes += column[r] > 0 ? 1 : -1;
        majority[i] = votes > 0 ? 1 : -1;
    }
    check("median", median);
    check("trimmed_mean:b=2", trimmed);
    check("majority", majority);
}

Test(aggregate, krum_takes_the_row_with_the_nearest_neighbours)
{
    double want[LENGTH], several[LENGTH] = {0};
    bool all[N], among[N];

    fill();
    memset(all, true, sizeof all);
    size_t best = best_of(all, all, 3);
    for (size_t i = 0; i < LENGTH; i++)
        want[i] = (double)u[best][i];
    check("krum:f=3", want);
    check("multi_krum:f=3,q=1", want);
    memset(among, true, sizeof among);
    for (size_t k = 0; k < 8; k++) {
        size_t next = best_of(among, all, 3);

        among[next] = false;
        for (size_t i = 0; i < LENGTH; i++)
            several[i] += (double)u[next][i] / 8;
    }
    cr_assert(among[2] && among[5]); /* the liars are not among them */
    check("multi_krum:f=3", several);
}

Test(aggregate, bulyan_averages_what_is_near_the_median_of_krums_choice)
{
    enum { F = 2, THETA = N - 2 * F, BETA = THETA - 2 * F };

    double want[LENGTH];
    bool left[N];

    fill();
    memset(left, true, sizeof left);
    for (size_t k = 0; k < THETA; k++)
        left[best_of(left, left, F)] = false;
    for (size_t i = 0; i < LENGTH; i++) {
        double chosen[THETA], off[THETA][2];
        size_t n = 0;

        for (size_t r = 0; r < N; r++)
            if (!left[r]) chosen[n++] = (double)u[r][i];
        qsort(chosen, THETA, sizeof *chosen, rise);
        for (size_t k = 0; k < THETA; k++) {
            off[k][0] = fabs(chosen[k] - chosen[THETA / 2]);
            off[k][1] = chosen[k];
        }
        qsort(off, THETA, sizeof *off, rise);
        want[i] = 0;
        for (size_t k = 0; k < BETA; k++)
            want[i] += off[k][1] / BETA;
    }
    check("bulyan:f=2", want);
}

/* No point near it has a smaller sum of distances. */
Test(aggregate, the_geometric_median_is_the_nearest_to_all)
{
    tally_real result[LENGTH];
    double z[LENGTH], least = 0;

    fill();
    run("geometric_median:rounds=200", 1, 0, result);
    for (size_t i = 0; i < LENGTH; i++)
        z[i] = (double)result[i];
    for (size_t r = 0; r < N; r++)
        least += sqrt(distance(z, r));
    for (size_t i = 0; i < LENGTH; i += 7) {
        for (int side = -1; side <= 1; side += 2) {
            double sum = 0;

            z[i] += side * 0.01;
            for (size_t r = 0; r < N; r++)
                sum += sqrt(distance(z, r));
            z[i] -= side * 0.01;
            cr_assert(lt(dbl, least, sum), "coordinate %zu", i);
        }
    }
}

/* By its definition, two passes from a remembered centre. */
Test(aggregate, centered_clipping_moves_by_bounded_steps)
{
    enum { TAU = 15 };

    size_t length = LENGTH;
    tally_layout layout = {0};
    tally_real result[LENGTH], center[LENGTH], *at[N];
    double v[LENGTH];
    tally_aggregate a;

    fill();
    for (size_t r = 0; r < N; r++)
        at[r] = u[r];
    for (size_t i = 0; i < LENGTH; i++)
        v[i] = (double)(center[i] = (tally_real)0.5);
    for (int pass = 0; pass < 2; pass++) {
        double step[LENGTH] = {0};

        for (size_t r = 0; r < N; r++) {
            double factor = fmin(1, TAU / sqrt(distance(v, r)));

            for (size_t i = 0; i < LENGTH; i++)
                step[i] += ((double)u[r][i] - v[i]) * factor / N;
        }
        for (size_t i = 0; i < LENGTH; i++)
            v[i] += step[i];
    }
    expect_ok(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    expect_ok(
        tally_aggregate_open(&a, "centered_clip:tau=15,passes=2", &layout, N, 1, 1));
    a.ops->remember(&a, (tally_span){0, LENGTH}, center);
    expect_ok(tally_aggregate_combine(
        &a, (tally_rows){.n = N, .count = LENGTH, .at = at, .sum = keep}, result));
    for (size_t i = 0; i < LENGTH; i++)
        cr_assert(epsilon_eq(dbl, (double)result[i], v[i], 200 * REAL_EPSILON));
    tally_aggregate_close(&a);
    tally_layout_close(&layout);
}

/* Groups of four of eleven: the mean over steps of the mean of groups is not biased
 * towards any row, each row stands in one group, and steps draw anew. */
Test(aggregate, buckets_are_means_of_random_groups)
{
    tally_real result[LENGTH], other[LENGTH];
    double weight[N] = {0};

    memset(u, 0, sizeof u);
    for (size_t r = 0; r < N; r++)
        u[r][r] = 12;
    for (uint64_t step = 0; step < 600; step++) {
        run("mean", 4, step, result);
        double sum = 0;
        for (size_t r = 0; r < N; r++) {
            /* In a group of 4 or of 3, of three groups: 12 / 4 / 3 or 12 / 3 / 3. */
            bool known = fabs((double)result[r] - 1) < 1e-5 ||
                         fabs((double)result[r] - 12.0 / 9) < 1e-5;

            cr_assert(known);
            sum += (double)result[r];
            weight[r] += (double)result[r] / 600;
        }
        cr_assert(epsilon_eq(dbl, sum, 12, 1e-4));
    }
    for (size_t r = 0; r < N; r++)
        cr_assert(epsilon_eq(dbl, weight[r], 12.0 / N, 0.05));
    run("mean", 4, 1, result);
    run("mean", 4, 2, other);
    cr_assert(memcmp(result, other, sizeof result) != 0);
}

Test(aggregate, a_program_adds_its_own)
{
    static const tally_aggregate_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };

    expect_fail(tally_register_aggregate(&empty), OPTION,
                "aggregate empty lacks needs");
}

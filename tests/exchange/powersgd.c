/* powersgd.c — low-rank sums against what they approximate. */

#include "tally/exchange.h"

#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12, COLUMNS = 20, BIAS = 5, LENGTH = ROWS * COLUMNS + BIAS, STEPS = 30 };

/* A matrix of rank 2, the sum of the ranks' shares; or noise of full rank. */
static double value(int rank, uint64_t step, size_t i, bool noise)
{
    size_t row = i / COLUMNS, column = i % COLUMNS;

    if (i >= ROWS * COLUMNS) return (double)i + rank;
    if (noise)
        return tally_random_uniform(1, TALLY_FOR_TESTS, step * 8 + (uint64_t)rank, i) -
               0.5;
    return sin((double)row + rank) * (double)(column + 1) +
           cos((double)(row * row)) * (column % 3 == 0 ? 2.0 : -1.0);
}

typedef struct study {
    const char *spec;
    bool noise;
    tally_status (*check)(const struct study *y, tally_exchange *x);
} study;

static void layout_of(tally_layout *layout)
{
    expect_ok(
        tally_layout_add(layout, "w", TALLY_WEIGHT, 2, (size_t[]){ROWS, COLUMNS}));
    expect_ok(tally_layout_add(layout, "b", TALLY_BIAS, 1, (size_t[]){BIAS}));
}

static tally_status run(tally_comm *c, void *context)
{
    const study *y = context;
    tally_layout layout = {0};
    tally_span plan = {0, LENGTH};
    tally_exchange x = {0};

    layout_of(&layout);
    tally_status status = tally_exchange_open(&x, y->spec, c, &layout, &plan, 1, 1);
    if (!status) status = y->check(y, &x);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return status;
}

/* What is of rank 2 comes out whole, once the factors have turned into its space: two
 * ranks' sines span a plane, a third direction is the cosine's. */
static tally_status is_exact(const study *y, tally_exchange *x)
{
    tally_real v[LENGTH];

    for (uint64_t step = 0; step < 3; step++) {
        for (size_t i = 0; i < LENGTH; i++)
            v[i] = (tally_real)value(x->comm->rank, step, i, y->noise);
        TALLY_TRY(tally_exchange_all(x, step, v));
    }
    for (size_t i = 0; i < LENGTH; i++) {
        double want = 0;

        for (int r = 0; r < x->comm->size; r++)
            want += value(r, 2, i, y->noise);
        if (!(fabs((double)v[i] - want) < 2e-3 * (1 + fabs(want))))
            return TALLY_FAIL(MISMATCH, "%s: value %zu is %g, expected %g", y->spec, i,
                              (double)v[i], want);
    }
    return TALLY_OK;
}

Test(powersgd, what_has_low_rank_comes_out_whole)
{
    study y = {"powersgd:rank=3", false, is_exact},
          cold = {"powersgd:rank=3,warm=false", false, is_exact};

    expect_ok(tally_launch("sim:ranks=3", run, &y));
    expect_ok(tally_launch("sim:ranks=3", run, &cold));
    expect_ok(tally_launch("self", run, &y));
}

/* A first step of zeros, then one of rank 1, turn columns of the factors to nothing. */
static tally_status recovers(const study *y, tally_exchange *x)
{
    tally_real v[LENGTH] = {0};

    TALLY_TRY(tally_exchange_all(x, 0, v));
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        v[i] = (tally_real)(1 + i % COLUMNS);
    TALLY_TRY(tally_exchange_all(x, 1, v));
    memset(x->state.at[0], 0, LENGTH * sizeof *v); /* the error memory */
    return is_exact(y, x);
}

Test(powersgd, columns_that_had_nothing_to_say_come_back)
{
    study y = {"powersgd:rank=3", false, recovers};

    expect_ok(tally_launch("sim:ranks=3", run, &y));
    expect_ok(tally_launch("self", run, &y));
}

/* Over all steps and ranks: rate times what was said is rate times what was agreed,
 * plus what is remembered. */
static tally_status nothing_is_lost(const study *y, tally_exchange *x)
{
    double sum[2][LENGTH] = {{0}}, agreed[LENGTH] = {0};
    double(*all)[2][LENGTH] = calloc((size_t)x->comm->size, sizeof *all);
    tally_real v[LENGTH];

    for (uint64_t step = 0; step < STEPS; step++) {
        x->rate = 1.0 / (double)(step + 1);
        for (size_t i = 0; i < LENGTH; i++) {
            v[i] = (tally_real)value(x->comm->rank, step, i, y->noise);
            sum[0][i] += x->rate * (double)v[i];
        }
        TALLY_TRY(tally_exchange_all(x, step, v));
        for (size_t i = 0; i < LENGTH; i++)
            agreed[i] += x->rate * (double)v[i];
    }
    for (size_t i = 0; i < LENGTH; i++)
        sum[1][i] = (double)((tally_real *)x->state.at[0])[i];
    TALLY_TRY(tally_gather_all(x->comm, sum, sizeof sum, all));
    for (size_t i = 0; i < LENGTH; i++) {
        double out = 0;

        for (int r = 0; r < x->comm->size; r++)
            out += all[r][0][i] - all[r][1][i];
        if (!(fabs(out - agreed[i]) < 1e-4 * (1 + fabs(out))))
            return TALLY_FAIL(MISMATCH, "value %zu: said less remembered %g, agreed %g",
                              i, out, agreed[i]);
    }
    free(all);
    return TALLY_OK;
}

Test(powersgd, error_memory_loses_nothing)
{
    study y = {"powersgd:rank=2", true, nothing_is_lost};

    expect_ok(tally_launch("sim:ranks=3", run, &y));
}

Test(powersgd, what_factors_would_not_shorten_is_sent_as_it_is)
{
    study y = {"powersgd:rank=1024", true, is_exact};

    expect_ok(tally_launch("sim:ranks=3", run, &y));
}

/* Two sums, of rank (rows + columns) numbers and what is sent as it is.  However two
 * ranks sum, they send the vector once each, but for a number where its halves differ.
 */
static tally_status counts_bytes(const study *y, tally_exchange *x)
{
    uint64_t want = sizeof(tally_real) * (2 * ROWS + BIAS + 2 * COLUMNS);
    uint64_t said = tally_exchange_wire(x, 0), odd = 2 * sizeof(tally_real);

    if (said <= want + odd && want <= said + odd) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "%s: %llu bytes, expected %llu", y->spec,
                      (unsigned long long)said, (unsigned long long)want);
}

Test(powersgd, sends_factors_alone)
{
    study y = {"powersgd:rank=2", true, counts_bytes};

    expect_ok(tally_launch("sim:ranks=2", run, &y));
}

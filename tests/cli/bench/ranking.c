/* Accounts of several rounds as rows of a table. */

#include "cli/bench/ranking.h"

#include "support/expect.h"

#include <math.h>

enum { ROUNDS = 3 };

/* Seconds to the target; INFINITY: never. */
static json_t *rank_by_arrival(const double first[ROUNDS], const double other[ROUNDS])
{
    static const char names[][BENCH_ENTRY_MOST] = {"first", "other"};
    const double *seconds[] = {first, other};
    bench_ranking r = {.count = 2, .names = names, .rounds = ROUNDS, .target = true};

    expect_ok(bench_ranking_open(&r));
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < ROUNDS; i++)
            r.of[k][i] = (bench_account){
                .step = 1,
                .samples = 1,
                .arrival = {.there = isfinite(seconds[k][i]),
                            .seconds = seconds[k][i]}
            };
    bench_ranking_write(&r, CLI_JSON);
    json_t *rows = cli_table_take(&r.table);
    bench_ranking_close(&r);
    return rows;
}

static double cell(const json_t *rows, size_t row, const char *key)
{
    const json_t *value = json_object_get(json_array_get(rows, row), key);

    return json_is_null(value) ? (double)NAN : json_number_value(value);
}

Test(bench_ranking, a_round_in_which_neither_arrived_has_no_ratio)
{
    const double first[] = {2, INFINITY, 1}, other[] = {4, INFINITY, 3};
    json_t *rows = rank_by_arrival(first, other);

    cr_assert(eq(dbl, cell(rows, 0, "reached"), 2));
    cr_assert(eq(dbl, cell(rows, 0, "ratio"), 1));
    cr_assert(eq(dbl, cell(rows, 1, "ratio_least"), 2));
    cr_assert(eq(dbl, cell(rows, 1, "ratio"), 2.5));
    cr_assert(eq(dbl, cell(rows, 1, "ratio_most"), 3));
    json_decref(rows);
}

Test(bench_ranking, who_never_arrived_has_neither_seconds_nor_a_ratio)
{
    const double never[] = {INFINITY, INFINITY, INFINITY}, some[] = {1, 2, 3};
    json_t *rows = rank_by_arrival(never, some);

    cr_assert(eq(dbl, cell(rows, 0, "target_s"), 2)); /* `other` */
    cr_assert(isnan(cell(rows, 1, "target_s")));
    cr_assert(isnan(cell(rows, 1, "ratio")));
    json_decref(rows);
}

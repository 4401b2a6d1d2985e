#include "cli/bench/bench.h"
#include "support/expect.h"

#include <math.h>

enum { RANKS = 5, N = 3000 };

static bench_values of_rank(int rank, uint64_t repeat)
{
    tally_comm c = {.rank = rank, .size = RANKS};
    bench_values values;

    bench_values_make(&values, &c, repeat);
    return values;
}

Test(bench_values, sums_and_votes_are_those_of_the_ranks)
{
    static bench_values all[RANKS];

    for (int r = 0; r < RANKS; r++)
        all[r] = of_rank(r, 3);
    for (size_t i = 0; i < BENCH_PERIOD; i++) {
        double sum = 0;
        int votes = 0;

        for (int r = 0; r < RANKS; r++) {
            cr_assert(all[r].mine[i] < 0 || all[r].mine[i] > 0);
            sum += (double)all[r].mine[i];
            votes += all[r].mine[i] > 0 ? 1 : -1;
        }
        for (int r = 0; r < RANKS; r++) {
            cr_assert(eq(dbl, all[r].sum[i], sum));
            cr_assert(eq(int, all[r].votes[i], votes));
        }
    }
}

Test(bench_values, repeats_differ)
{
    bench_values a = of_rank(1, 0), b = of_rank(1, 1), c = of_rank(2, 0);
    int same_b = 0, same_c = 0;

    for (size_t i = 0; i < BENCH_PERIOD; i++) {
        same_b += (int)a.mine[i] == (int)b.mine[i];
        same_c += (int)a.mine[i] == (int)c.mine[i];
    }
    cr_assert(same_b < BENCH_PERIOD / 16 && same_c < BENCH_PERIOD / 16);
}

/* What every rank should end with. */
static void write_sums(const bench_values *values, tally_real *v)
{
    for (size_t i = 0; i < N; i++)
        v[i] = (tally_real)values->sum[i % BENCH_PERIOD];
}

Test(bench_values, a_wrong_sum_is_found_wherever_it_is)
{
    bench_values values = of_rank(0, 1);
    tally_real v[N];

    write_sums(&values, v);
    expect_ok(bench_values_check(&values, BENCH_EXACT, BENCH_TIE_EITHER, v, N));
    cr_assert(eq(dbl, bench_values_error(&values, v, N), 0));
    for (size_t at = 0; at < N; at += N - 1) {
        v[at] += 1;
        expect_fail(bench_values_check(&values, BENCH_EXACT, BENCH_TIE_EITHER, v, N),
                    MISMATCH, at ? "value 2999 of 3000" : "value 0 of 3000");
        cr_assert(bench_values_error(&values, v, N) > 0);
        expect_ok(bench_values_check(&values, BENCH_AGREED, BENCH_TIE_EITHER, v, N));
        v[at] -= 1;
    }
    v[7] = (tally_real)NAN;
    expect_fail(bench_values_check(&values, BENCH_EXACT, BENCH_TIE_EITHER, v, N),
                MISMATCH, "value 7 of 3000 is nan");
    expect_fail(bench_values_check(&values, BENCH_AGREED, BENCH_TIE_EITHER, v, N),
                MISMATCH, "value 7 of 3000 is nan, expected a number");
}

Test(bench_values, a_shifted_vector_is_wrong)
{
    bench_values values = of_rank(0, 1);
    tally_real v[N + 64];

    for (size_t i = 0; i < N + 64; i++)
        v[i] = (tally_real)values.sum[i % BENCH_PERIOD];
    expect_fail(bench_values_check(&values, BENCH_EXACT, BENCH_TIE_EITHER, v + 64, N),
                MISMATCH, "expected");
}

Test(bench_values, a_wrong_majority_is_found)
{
    bench_values values = of_rank(0, 1);
    tally_real v[N];

    for (size_t i = 0; i < N; i++)
        v[i] = values.votes[i % BENCH_PERIOD] > 0 ? 1 : -1; /* of five: never a tie */
    expect_ok(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_ZERO, v, N));
    v[1500] = -v[1500];
    expect_fail(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_ZERO, v, N),
                MISMATCH, "value 1500 of 3000");
}

Test(bench_values, ties_fall_as_they_should)
{
    bench_values values = {.votes = {0}};
    tally_real plus[1] = {1}, minus[1] = {-1}, zero[1] = {0};

    expect_ok(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_EITHER, plus, 1));
    expect_ok(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_EITHER, minus, 1));
    expect_ok(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_PLUS, plus, 1));
    expect_ok(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_ZERO, zero, 1));
    expect_fail(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_EITHER, zero, 1),
                MISMATCH, "value 0");
    expect_fail(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_PLUS, minus, 1),
                MISMATCH, "expected 1");
    expect_fail(bench_values_check(&values, BENCH_MAJORITY, BENCH_TIE_ZERO, plus, 1),
                MISMATCH, "expected 0");
}

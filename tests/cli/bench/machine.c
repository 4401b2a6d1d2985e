/* What becomes of the times of several rounds. */

#include "cli/bench/bench.h"
#include "support/expect.h"

#include <math.h>

Test(bench_summary, the_median_of_an_even_number_lies_between_the_middle_two)
{
    double four[] = {4, 1, 9, 2}, three[] = {5, 1, 9}, one[] = {7};
    bench_times of_four = bench_summary(four, 4);

    cr_assert(eq(dbl, of_four.least, 1));
    cr_assert(eq(dbl, of_four.median, 3));
    cr_assert(eq(dbl, of_four.most, 9));
    cr_assert(eq(dbl, bench_summary(three, 3).median, 5));
    cr_assert(eq(dbl, bench_summary(one, 1).median, 7));
}

Test(bench_summary, rounds_that_never_arrived_have_an_infinite_median)
{
    double never[] = {INFINITY, INFINITY}, half[] = {INFINITY, 1};

    cr_assert(eq(dbl, bench_summary(never, 2).median, (double)INFINITY));
    cr_assert(eq(dbl, bench_summary(half, 2).median, (double)INFINITY));
}

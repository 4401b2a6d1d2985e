/* mean.c — the mean of all rows: the best there is when nobody lies.
 *
 *     a = (1/n) sum over r of u_r, in the order of the ranks
 *
 * One liar moves it anywhere: breakdown 0.  A value that is not finite passes through,
 * so that the run sees it and stops. */

#include "aggregate/aggregate.h"

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const tally_real n = (tally_real)rows->n;

    (void)a;
    for (size_t i = 0; i < rows->count; i++)
        result[i] = rows->at[0][i];
    for (size_t r = 1; r < rows->n; r++)
        for (size_t i = 0; i < rows->count; i++)
            result[i] += rows->at[r][i];
    for (size_t i = 0; i < rows->count; i++)
        result[i] /= n;
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_mean = {
    .about = {.name = "mean", .brief = "the mean of all ranks", .paper = ""},
    .needs = "n >= 1",
    .combine = combine,
};

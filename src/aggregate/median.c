/* median.c — the middle value of each coordinate.
 *
 *     a_i = median over r of u_r,i;   even n: the mean of the two in the middle
 *
 * Yin, Chen, Ramchandran, Bartlett, Byzantine-Robust Distributed Learning: Towards
 * Optimal Statistical Rates, 2018, arXiv:1803.01498, definition 1.  No f to set.
 * Columns are sorted 64 at a time, n^2 / 2 comparisons each. */

#include "aggregate/aggregate.h"

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const tally_real *low = a->block + (rows->n - 1) / 2 * TALLY_BLOCK;
    const tally_real *high = a->block + rows->n / 2 * TALLY_BLOCK;

    for (size_t at = 0; at < rows->count; at += TALLY_BLOCK) {
        size_t left = rows->count - at, n = left < TALLY_BLOCK ? left : TALLY_BLOCK;

        tally_rows_sort(a, rows, at, n);
        for (size_t i = 0; i < n; i++)
            result[at + i] = low == high ? low[i] : (low[i] + high[i]) / 2;
    }
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_median = {
    .about = {.name = "median",
              .brief = "the middle value of each coordinate",
              .paper = "Yin et al. 2018, arXiv:1803.01498"},
    .needs = "n >= 1; robust while liars < n / 2",
    .robust = true,
    .combine = combine,
};

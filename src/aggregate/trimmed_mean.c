/* trimmed_mean.c — the mean of each coordinate without its extremes.
 *
 *     a_i = mean of u_r,i without the b least and the b greatest
 *
 * Yin, Chen, Ramchandran, Bartlett, Byzantine-Robust Distributed Learning: Towards
 * Optimal Statistical Rates, 2018, arXiv:1803.01498, definition 2; b at least the
 * number of liars.  2 b >= n is refused, never lowered in silence. */

#include "aggregate/aggregate.h"

#include <stddef.h>

typedef struct trimmed_mean {
    uint64_t b;
} trimmed_mean;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, trimmed_mean, b, "1", "[0, 1e6]",
                 "values dropped at either end; at least as many as lie"),
    TALLY_END,
};

static tally_status check(const tally_aggregate *a)
{
    const trimmed_mean *o = a->options;

    if (2 * o->b < a->n) return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "aggregate trimmed_mean: b=%llu of n=%zu rows leaves none, needs "
                      "n > 2 b",
                      (unsigned long long)o->b, a->n);
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const trimmed_mean *o = a->options;
    size_t kept = rows->n - 2 * o->b;

    for (size_t at = 0; at < rows->count; at += TALLY_BLOCK) {
        size_t left = rows->count - at, n = left < TALLY_BLOCK ? left : TALLY_BLOCK;

        tally_rows_sort(a, rows, at, n);
        for (size_t i = 0; i < n; i++) {
            tally_real sum = 0;

            for (size_t r = o->b; r < rows->n - o->b; r++)
                sum += a->block[r * TALLY_BLOCK + i];
            result[at + i] = sum / (tally_real)kept;
        }
    }
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_trimmed_mean = {
    .about = {.name = "trimmed_mean",
              .brief = "the mean of each coordinate without its extremes",
              .paper = "Yin et al. 2018, arXiv:1803.01498",
              .options = options,
              .options_size = sizeof(trimmed_mean)},
    .needs = "n > 2 b, b >= liars",
    .robust = true,
    .check = check,
    .combine = combine,
};

/* weighted_mean.c — a mean in which some ranks weigh more.
 *
 *     a = sum over r of w_r u_r / sum over r of w_r
 *
 * Weights are whole numbers, one a rank, and the same for every step; a rank that one
 * does not trust may weigh 0.  The samples that a rank has seen are already in its
 * vector: uneven shares need no weights. */

#include "aggregate/aggregate.h"

#include <stddef.h>

typedef struct weighted_mean {
    tally_sizes weights;
} weighted_mean;

static const tally_option options[] = {
    TALLY_OPTION(SIZES, weighted_mean, weights, "none", "[0, 1e9]",
                 "a weight for each rank, 2x1x1; none: all equal"),
    TALLY_END,
};

static double total(const tally_sizes *w, size_t n)
{
    double sum = 0;

    for (size_t r = 0; r < w->count; r++)
        sum += (double)w->at[r];
    return w->count ? sum : (double)n;
}

static tally_status check(const tally_aggregate *a)
{
    const tally_sizes *w = &((const weighted_mean *)a->options)->weights;

    if (w->count && w->count != a->n)
        return TALLY_FAIL(OPTION, "aggregate weighted_mean: %zu weights for %zu rows",
                          w->count, a->n);
    if (!(total(w, a->n) > 0))
        return TALLY_FAIL(OPTION, "aggregate weighted_mean: every weight is 0");
    return TALLY_OK;
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const tally_sizes *w = &((const weighted_mean *)a->options)->weights;
    double *weight = a->room;

    for (size_t r = 0; r < rows->n; r++)
        weight[r] = (w->count ? (double)w->at[r] : 1) / total(w, rows->n);
    tally_rows_mix(rows, weight, result);
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_weighted_mean = {
    .about = {.name = "weighted_mean",
              .brief = "a mean in which some ranks weigh more",
              .paper = "",
              .options = options,
              .options_size = sizeof(weighted_mean)},
    .needs = "as many weights as rows, one at least above 0",
    .check = check,
    .combine = combine,
};

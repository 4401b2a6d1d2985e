/* geometric_median.c — the point whose distances to the rows have the least sum.
 *
 *     z <- sum of b_r u_r / sum of b_r,   b_r = 1 / max(nu, |z - u_r|),   T rounds
 *
 * Pillutla, Kakade, Harchaoui, Robust Aggregation for Federated Learning, 2019,
 * arXiv:1912.13445, Algorithm 1 (the smoothed Weiszfeld iteration), from the
 * coordinate-wise median: no liar has moved that far.  Weights are made anew from the
 * distances each round; they do not compound.  One sum of n norms a round. */

#include "aggregate/aggregate.h"

#include <math.h>
#include <stddef.h>

typedef struct geometric_median {
    uint64_t rounds;
    double nu;
} geometric_median;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, geometric_median, rounds, "8", "[1, 1000]",
                 "rounds of the iteration"),
    TALLY_OPTION(REAL, geometric_median, nu, "1e-6", "(0, inf)",
                 "distances below it count as it"),
    TALLY_END,
};

static tally_sums sums(const tally_aggregate *a)
{
    const geometric_median *o = a->options;

    return (tally_sums){.length = a->n, .rounds = (size_t)o->rounds};
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const geometric_median *o = a->options;
    double *norm = a->room;

    TALLY_TRY(tally_aggregate_median.combine(a, rows, result));
    for (uint64_t round = 0; round < o->rounds; round++) {
        double total = 0;

        TALLY_TRY(tally_rows_norms(rows, result, norm));
        for (size_t r = 0; r < rows->n; r++) {
            norm[r] = isfinite(norm[r]) ? 1 / fmax(o->nu, norm[r]) : 0;
            total += norm[r];
        }
        if (!(total > 0)) return TALLY_OK; /* no row is finite: the median stands */
        for (size_t r = 0; r < rows->n; r++)
            norm[r] /= total;
        tally_rows_mix(rows, norm, result);
    }
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_geometric_median = {
    .about = {.name = "geometric_median",
              .brief = "the point whose distances to the rows have the least sum",
              .paper = "Pillutla et al. 2019, arXiv:1912.13445",
              .options = options,
              .options_size = sizeof(geometric_median)},
    .needs = "n >= 1; robust while liars < n / 2",
    .sums = sums,
    .robust = true,
    .combine = combine,
};

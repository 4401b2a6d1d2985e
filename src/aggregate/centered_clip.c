/* centered_clip.c — from the last result, a bounded step towards every row.
 *
 *     v <- v + (1/n) sum over r of (u_r - v) min(1, tau / |u_r - v|),   L passes
 *
 * Karimireddy, He, Jaggi, Learning from History for Byzantine Robust Optimization,
 * 2020, arXiv:2012.10333, Algorithm 2.  v starts as what the ranks agreed on in the
 * step before, 0 at first: it is state.  Meant for momenta kept by the ranks (--rule
 * local_momentum), not raw gradients.  A row that is not finite moves nothing.
 * State: 1 vector, the same on every rank.  One sum of n norms a pass. */

#include "aggregate/aggregate.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct centered_clip {
    double tau;
    uint64_t passes;
} centered_clip;

static const tally_option options[] = {
    TALLY_OPTION(REAL, centered_clip, tau, "10", "(0, inf)",
                 "the longest step towards a row"),
    TALLY_OPTION(COUNT, centered_clip, passes, "1", "[1, 1000]",
                 "passes over the rows"),
    TALLY_END,
};

static const tally_slot slots[] = {
    {"center", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

static tally_sums sums(const tally_aggregate *a)
{
    const centered_clip *o = a->options;

    return (tally_sums){.length = a->n, .rounds = (size_t)o->passes};
}

/* v (1 - sum of weights) + sum of weights u_r, in place. */
static void move(const tally_rows *rows, const double *weight, tally_real *v)
{
    double stay = 1;

    for (size_t r = 0; r < rows->n; r++)
        stay -= weight[r];
    for (size_t i = 0; i < rows->count; i++)
        v[i] *= (tally_real)stay;
    for (size_t r = 0; r < rows->n; r++) {
        const tally_real w = (tally_real)weight[r];

        for (size_t i = 0; w > 0 && i < rows->count; i++)
            v[i] += w * rows->at[r][i];
    }
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const centered_clip *o = a->options;
    const tally_real *center = a->state.at[0];
    double *norm = a->room;

    memcpy(result, center + rows->first, rows->count * sizeof *result);
    for (uint64_t pass = 0; pass < o->passes; pass++) {
        TALLY_TRY(tally_rows_norms(rows, result, norm));
        for (size_t r = 0; r < rows->n; r++)
            norm[r] = isfinite(norm[r])
                          ? fmin(1, o->tau / fmax(norm[r], 1e-300)) / (double)rows->n
                          : 0;
        move(rows, norm, result);
    }
    return TALLY_OK;
}

static void remember(tally_aggregate *a, tally_span s, const tally_real *v)
{
    tally_real *center = a->state.at[0];

    memcpy(center + s.first, v + s.first, s.count * sizeof *v);
}

const tally_aggregate_ops tally_aggregate_centered_clip = {
    .about = {.name = "centered_clip",
              .brief = "from the last result, a bounded step towards every row",
              .paper = "Karimireddy et al. 2020, arXiv:2012.10333",
              .options = options,
              .options_size = sizeof(centered_clip),
              .slots = slots},
    .needs = "n >= 1; robust while liars < n / 2",
    .sums = sums,
    .robust = true,
    .combine = combine,
    .remember = remember,
};

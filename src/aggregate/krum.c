/* krum.c — the one row that has the nearest neighbours.
 *
 *     s(i) = sum of the n - f - 2 least |u_i - u_j|^2, j != i
 *     a    = u_i* with i* = argmin s(i), the first of equals
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer, Machine Learning with Adversaries:
 * Byzantine Tolerant Gradient Descent, 2017, section 4; n > 2 f + 2 as its theorem
 * needs. Squared once: some released codes square the square.  n^2 d / 2 flops, dealt
 * to the shards, and one sum of n (n - 1) / 2 distances. */

#include "aggregate/aggregate.h"

#include <stddef.h>
#include <string.h>

typedef struct krum {
    uint64_t f;
} krum;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, krum, f, "1", "[0, 1e6]", "ranks that may lie"),
    TALLY_END,
};

static tally_status check(const tally_aggregate *a)
{
    const krum *o = a->options;

    if (a->n > 2 * o->f + 2) return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "aggregate krum: n=%zu rows with f=%llu, needs n > 2 f + 2", a->n,
                      (unsigned long long)o->f);
}

static tally_sums sums(const tally_aggregate *a)
{
    return (tally_sums){.length = a->n * (a->n - 1) / 2, .rounds = 1};
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const krum *o = a->options;
    size_t n = rows->n;
    double *d = a->room, *score = d + n * n, *room = score + n;

    TALLY_TRY(tally_rows_distances(rows, d));
    tally_krum_scores(d, NULL, n, o->f, score, room);
    memcpy(result, rows->at[tally_krum_best(score, n)], rows->count * sizeof *result);
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_krum = {
    .about = {.name = "krum",
              .brief = "the one row that has the nearest neighbours",
              .paper = "Blanchard et al. 2017",
              .options = options,
              .options_size = sizeof(krum)},
    .needs = "n > 2 f + 2",
    .sums = sums,
    .robust = true,
    .check = check,
    .combine = combine,
};

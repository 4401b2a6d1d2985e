/* multi_krum.c — the mean of the q rows that have the nearest neighbours.
 *
 *     s(i) as Krum;   a = mean of the q rows of least s
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer, Machine Learning with Adversaries:
 * Byzantine Tolerant Gradient Descent, 2017, section 5.  A mean, not a sum; q = n - f
 * by default, which uses every honest row when f is right.  q = 1 is Krum. */

#include "aggregate/aggregate.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct multi_krum {
    uint64_t f, q;
} multi_krum;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, multi_krum, f, "1", "[0, 1e6]", "ranks that may lie"),
    TALLY_OPTION(COUNT, multi_krum, q, "0", "[0, 1e6]",
                 "rows that are averaged; 0: n - f"),
    TALLY_END,
};

static tally_status check(const tally_aggregate *a)
{
    const multi_krum *o = a->options;

    if (a->n <= 2 * o->f + 2)
        return TALLY_FAIL(
            OPTION, "aggregate multi_krum: n=%zu rows with f=%llu, needs n > 2 f + 2",
            a->n, (unsigned long long)o->f);
    if (o->q > a->n - o->f)
        return TALLY_FAIL(
            OPTION,
            "aggregate multi_krum: q=%llu of n=%zu rows with f=%llu, needs "
            "q <= n - f",
            (unsigned long long)o->q, a->n, (unsigned long long)o->f);
    return TALLY_OK;
}

static tally_sums sums(const tally_aggregate *a)
{
    return (tally_sums){.length = a->n * (a->n - 1) / 2, .rounds = 1};
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const multi_krum *o = a->options;
    size_t n = rows->n, q = o->q ? o->q : n - o->f;
    double *d = a->room, *score = d + n * n, *weight = score + n, *room = weight + n;

    TALLY_TRY(tally_rows_distances(rows, d));
    tally_krum_scores(d, NULL, n, o->f, score, room);
    memset(weight, 0, n * sizeof *weight);
    for (size_t k = 0; k < q; k++) {
        size_t best = tally_krum_best(score, n);

        if (!isfinite(score[best])) {
            q = k ? k : 1;
            break;
        }
        weight[best] = 1;
        score[best] = (double)INFINITY;
    }
    for (size_t i = 0; i < n; i++)
        weight[i] /= (double)q;
    tally_rows_mix(rows, weight, result);
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_multi_krum = {
    .about = {.name = "multi_krum",
              .brief = "the mean of the rows that have the nearest neighbours",
              .paper = "Blanchard et al. 2017",
              .options = options,
              .options_size = sizeof(multi_krum)},
    .needs = "n > 2 f + 2, q <= n - f",
    .sums = sums,
    .robust = true,
    .check = check,
    .combine = combine,
};

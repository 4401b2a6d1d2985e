/* aggregate.c — the family of aggregates, and the bucketing before any of them. */

#include "aggregate/aggregate.h"

#include "num/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const tally_about *const members[] = {
#define AGGREGATE(name) &tally_aggregate_##name.about,
#include "aggregate/list.def"
#undef AGGREGATE
    NULL};

const tally_family tally_aggregate_family = {
    .name = "aggregate",
    .flag = "--aggregate",
    .brief = "the ranks' vectors, of which some may lie, to one",
    .members = members,
};

tally_status tally_register_aggregate(const tally_aggregate_ops *ops)
{
    if (!ops->needs || !ops->combine)
        return TALLY_FAIL(OPTION, "aggregate %s lacks needs or combine",
                          ops->about.name);
    return tally_family_register(&tally_aggregate_family, &ops->about);
}

tally_status tally_aggregate_open(tally_aggregate *a, const char *spec,
                                  const tally_layout *layout, size_t ranks,
                                  size_t bucket, uint64_t seed)
{
    size_t n = (ranks + bucket - 1) / bucket;
    const tally_about *about;

    *a = (tally_aggregate){.n = n, .bucket = bucket, .seed = seed};
    TALLY_TRY(tally_family_open(&tally_aggregate_family, spec, &about, &a->options));
    a->ops = (const tally_aggregate_ops *)about;
    if (a->ops->check) TALLY_TRY(a->ops->check(a));
    TALLY_TRY(tally_state_open(&a->state, about->slots, layout));
    a->room = tally_allocate(n * n + 4 * n, sizeof *a->room);
    a->block = tally_allocate(n * TALLY_BLOCK, sizeof *a->block);
    a->rows = calloc(ranks, sizeof *a->rows);
    if (!a->room || !a->block || !a->rows)
        return TALLY_FAIL(MEMORY, "no memory to aggregate %zu vectors", n);
    if (a->ops->open) TALLY_TRY(a->ops->open(a));
    return TALLY_OK;
}

void tally_aggregate_close(tally_aggregate *a)
{
    if (!a->ops) return;
    if (a->ops->close) a->ops->close(a);
    tally_state_close(&a->state);
    tally_options_close(&a->ops->about, a->options);
    free(a->room);
    free(a->block);
    free(a->rows);
    *a = (tally_aggregate){0};
}

/* The rows of a random permutation that all ranks know, `bucket` at a time, become
 * their mean; the last group may be smaller. */
static void fill_buckets(tally_aggregate *a, tally_rows *rows)
{
    for (size_t g = 0; g < a->n; g++) {
        size_t end = (g + 1) * a->bucket < rows->n ? (g + 1) * a->bucket : rows->n;
        tally_real *sum = NULL;

        for (size_t j = g * a->bucket; j < end; j++) {
            tally_real *row = rows->at[tally_random_permute(a->seed, TALLY_FOR_BUCKETS,
                                                            rows->step, rows->n, j)];

            for (size_t i = 0; sum && i < rows->count; i++)
                sum[i] += row[i];
            if (!sum) sum = row;
        }
        for (size_t i = 0; i < rows->count; i++)
            sum[i] /= (tally_real)(end - g * a->bucket);
        a->rows[g] = sum;
    }
    rows->at = a->rows;
    rows->n = a->n;
}

static void make_nan_infinite(const tally_rows *rows)
{
    for (size_t r = 0; r < rows->n; r++)
        for (size_t i = 0; i < rows->count; i++)
            if (isnan(rows->at[r][i])) rows->at[r][i] = (tally_real)INFINITY;
}

tally_status tally_aggregate_combine(tally_aggregate *a, tally_rows rows,
                                     tally_real *result)
{
    if (a->bucket > 1) fill_buckets(a, &rows);
    assert(rows.n == a->n);
    if (a->ops->robust) make_nan_infinite(&rows);
    TALLY_TRY(a->ops->combine(a, &rows, result));
    return TALLY_OK;
}

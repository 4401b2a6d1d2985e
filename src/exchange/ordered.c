/* ordered.c — full-precision sum in the order of the ranks, always.
 *
 *     g_i <- ((g_0,i + g_1,i) + g_2,i) + ...
 *
 * Each rank owns a shard of every span: all send it their values, it adds them in rank
 * order and sends the sums to all.  The result is a function of the ranks' values
 * alone: the same bits on self, sim and mpi, whatever the plan.
 *
 * Sent: 2(n-1)/n of the vector, as a ring; n-1 messages each way at once, so it suits
 * few ranks or checks, not a thousand. */

#include "exchange/exchange.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

/* By blocks, since the result takes the place of this rank's own ballot. */
static tally_status add_in_rank_order(void *context, const void *const *ballots,
                                      size_t first, size_t units, void *result)
{
    const tally_exchange *x = context;
    tally_real sum[BLOCK];

    (void)first;
    for (size_t at = 0; at < units; at += BLOCK) {
        size_t n = units - at < BLOCK ? units - at : BLOCK;

        memcpy(sum, (const tally_real *)ballots[0] + at, n * sizeof *sum);
        for (int r = 1; r < x->comm->size; r++) {
            const tally_real *v = (const tally_real *)ballots[r] + at;

            for (size_t i = 0; i < n; i++)
                sum[i] += v[i];
        }
        memcpy((tally_real *)result + at, sum, n * sizeof *sum);
    }
    return TALLY_OK;
}

static tally_status open(tally_exchange *x)
{
    tally_sharded *sums = calloc(x->plan_count, sizeof *sums);

    if (!sums) return TALLY_FAIL(MEMORY, "no memory for %zu sums", x->plan_count);
    x->inner = sums;
    for (size_t k = 0; k < x->plan_count; k++)
        TALLY_TRY(tally_sharded_open(&sums[k], x->comm, x->channel, (int)k,
                                     sizeof(tally_real), sizeof(tally_real),
                                     x->plan[k].count, add_in_rank_order, x));
    return TALLY_OK;
}

static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    tally_sharded *sums = x->inner;
    tally_real *values = v.values + x->plan[k].first;

    (void)step;
    return tally_sharded_start(&sums[k], values, values, x->plan[k].count);
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    tally_sharded *sums = x->inner;

    TALLY_TRY(tally_sharded_wait(&sums[k]));
    *agreed =
        (tally_view){.values = (tally_real *)(void *)sums[k].to - x->plan[k].first};
    return TALLY_OK;
}

static void wire(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    tally_billed of = {bill, x->plan[k], NULL};

    (void)step;
    tally_sharded_tell(tally_group_all(x->comm), of.span.count, sizeof(tally_real),
                       sizeof(tally_real), tally_bill_values, &of);
}

static void close(tally_exchange *x)
{
    tally_sharded *sums = x->inner;

    for (size_t k = 0; sums && k < x->plan_count; k++)
        tally_sharded_close(&sums[k]);
    free(sums);
}

const tally_exchange_ops tally_exchange_ordered = {
    .about = {.name = "ordered",
              .brief = "full-precision sum in rank order: the same bits everywhere",
              .paper = ""},
    .bytes =
        "4 (d - s) + 4 (n - 1) s, s = values of the rank's shard, ceil(d / n) at most",
    .form = TALLY_NUMBERS,
    .open = open,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};

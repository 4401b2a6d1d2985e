/* allreduce.c — full-precision sum over ranks.
 *
 *     g <- sum over ranks of g_r          (each g_r already carries its share's weight)
 *
 * ring:    Patarasuk and Yuan, Bandwidth Optimal All-reduce Algorithms for Clusters of
 *          Workstations, 2009: 2(n-1)/n of the vector sent, 2(n-1) messages.
 * halving: Rabenseifner, Optimization of Collective Reduction Operations, 2004: the
 * same bytes when n is a power of two, 2 log2 n messages. native:  the comm's own
 * (MPI_Allreduce); ring where it has none.
 *
 * Every rank gets the same bits.  The order of the sum depends on the algorithm, the
 * number of ranks and the plan; `ordered` is the exchange that fixes it. */

#include "exchange/exchange.h"

#include <stdlib.h>

typedef struct allreduce {
    int algorithm;
} allreduce;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, allreduce, algorithm, "native", "native|ring|halving",
                 "who sums: the comm's own, or ours"),
    TALLY_END,
};

static tally_sum_algorithm algorithm_of(const tally_exchange *x)
{
    const allreduce *o = x->options;
    static const tally_sum_algorithm algorithms[] = {TALLY_SUM_NATIVE, TALLY_SUM_RING,
                                                     TALLY_SUM_HALVING};

    return algorithms[o->algorithm];
}

static tally_status open(tally_exchange *x)
{
    tally_sum *sums = calloc(x->plan_count, sizeof *sums);

    if (!sums) return TALLY_FAIL(MEMORY, "no memory for %zu sums", x->plan_count);
    x->inner = sums;
    x->modelled_wire = algorithm_of(x) == TALLY_SUM_NATIVE && x->comm->ops->isum;
    for (size_t k = 0; k < x->plan_count; k++)
        TALLY_TRY(tally_sum_open(&sums[k], x->comm, x->channel, (int)k, algorithm_of(x),
                                 x->plan[k].count));
    return TALLY_OK;
}

static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    tally_sum *sums = x->inner;

    (void)step;
    return tally_sum_start(&sums[k], v.values + x->plan[k].first, x->plan[k].count);
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    tally_sum *sums = x->inner;

    TALLY_TRY(tally_sum_wait(&sums[k]));
    *agreed = (tally_view){.values = sums[k].v - x->plan[k].first};
    return TALLY_OK;
}

static uint64_t wire(const tally_exchange *x, size_t count)
{
    return tally_sum_bytes(algorithm_of(x), x->comm->rank, x->comm->size, count);
}

static void close(tally_exchange *x)
{
    tally_sum *sums = x->inner;

    for (size_t k = 0; sums && k < x->plan_count; k++)
        tally_sum_close(&sums[k]);
    free(sums);
}

const tally_exchange_ops tally_exchange_allreduce = {
    .about = {.name = "allreduce",
              .brief = "full-precision sum over ranks",
              .paper = "Patarasuk and Yuan 2009; Rabenseifner 2004",
              .options = options,
              .options_size = sizeof(allreduce)},
    .form = TALLY_NUMBERS,
    .open = open,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};

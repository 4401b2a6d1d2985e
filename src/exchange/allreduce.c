/* allreduce.c — full-precision sum over ranks.
 *
 *     g <- sum over ranks of g_r          (each g_r already carries its share's weight)
 *
 *     algorithm   bytes a rank sends         messages      paper
 *     native      the comm's own (MPI_Allreduce); ring where it has none
 *     ring        2 (n-1)/n of g             2 (n-1)       Patarasuk and Yuan 2009
 *     halving     the same if n is 2^k       2 log2 n      Rabenseifner 2004
 *     tree        all of g, log2 n times     2 log2 n      Thakur et al. 2005
 *     shm         none, on one node; ring elsewhere, and on simulated nodes
 *     hier        2 (k-1)/k of g a node     2 (k-1)       k nodes; inside a node, more
 *     auto        by a table of place, ranks and bytes: src/comm/choice.c
 *
 * Every rank gets the same bits.  The order of the sum depends on the algorithm, the
 * number of ranks and the plan, that of `hier` on who shares a node; `shm` adds in rank
 * order, and `ordered` is the exchange that does so everywhere. */

#include "exchange/exchange.h"

#include <stdlib.h>

typedef struct allreduce {
    int algorithm;
} allreduce;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, allreduce, algorithm, "auto",
                 "auto|native|ring|halving|tree|shm|hier",
                 "who sums: the comm's own, ours, or what is fastest by a table"),
    TALLY_END,
};

/* What sums spans of `count` values. */
static tally_sum_algorithm algorithm_of(const tally_exchange *x, size_t count)
{
    const allreduce *o = x->options;
    static const tally_sum_algorithm algorithms[] = {
        TALLY_SUM_AUTO, TALLY_SUM_NATIVE, TALLY_SUM_RING, TALLY_SUM_HALVING,
        TALLY_SUM_TREE, TALLY_SUM_SHM,    TALLY_SUM_HIER};

    return tally_sum_resolve(x->comm, algorithms[o->algorithm], count);
}

static tally_status open(tally_exchange *x)
{
    tally_sum *sums = calloc(x->plan_count, sizeof *sums);

    if (!sums) return TALLY_FAIL(MEMORY, "no memory for %zu sums", x->plan_count);
    x->inner = sums;
    for (size_t k = 0; k < x->plan_count; k++) {
        size_t count = x->plan[k].count;
        tally_sum_algorithm algorithm = algorithm_of(x, count);

        if (algorithm == TALLY_SUM_NATIVE || algorithm == TALLY_SUM_SHM)
            x->modelled_wire = true;
        TALLY_TRY(
            tally_sum_open(&sums[k], x->comm, x->channel, (int)k, algorithm, count));
    }
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
    return tally_sum_bytes(x->comm, algorithm_of(x, count), x->comm->rank, count);
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
              .paper = "Patarasuk and Yuan 2009; Rabenseifner 2004; Thakur et al. 2005",
              .options = options,
              .options_size = sizeof(allreduce)},
    .bytes =
        "ring, halving   2 (n - 1) / n 4 d, in whole values; halving: n = 2^k\n"
        "tree            4 d for each child, and once to the parent\n"
        "native, shm     modelled as ring\n"
        "hier            the ring's inside a node; on its 1 / m of the values the\n"
        "                ring's of k nodes of m ranks",
    .form = TALLY_NUMBERS,
    .open = open,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};

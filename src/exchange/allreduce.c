/* allreduce.c — full-precision sum over ranks.
 *
 *     g <- sum over ranks of g_r          (each g_r already carries its share's weight)
 *
 *     algorithm   bytes a rank sends         messages      paper
 *     native      the comm's own (MPI_Allreduce); ring where it has none
 *     ring        2 (n-1)/n of g             2 (n-1)       Patarasuk and Yuan 2009
 *     halving     the same if n is 2^k       2 log2 n      Rabenseifner 2004
 *     tree        all of g, log2 n times     2 log2 n      Thakur et al. 2005
 *     shm         none, on one node; ring elsewhere, and on simulated nodes.  Short
 *                 vectors that lie in shared memory are summed there: in_place.c
 *     hier        2 (k-1)/k of g a node     2 (k-1)       k nodes; inside a node, more
 *     auto        by a table of place, ranks and bytes: src/comm/choice.c
 *
 * Every rank gets the same bits.  The order of the sum depends on the algorithm, the
 * number of ranks and the plan, that of `hier` on who shares a node; `shm` adds in rank
 * order, and `ordered` is the exchange that does so everywhere. */

#include "comm/in_place.h"
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

/* What is summed where it lies, or span by span. */
typedef struct sums {
    tally_in_place *in_place; /* owned; NULL: */
    tally_sum *spans;         /* owned: one each */
} sums;

static bool sums_in_place(const tally_exchange *x)
{
    size_t length = x->layout->length;

    return x->in_place && algorithm_of(x, length) == TALLY_SUM_SHM &&
           tally_in_place_works(x->comm, length);
}

static tally_status open_spans(tally_exchange *x, sums *s)
{
    s->spans = calloc(x->plan_count, sizeof *s->spans);
    if (!s->spans) return TALLY_FAIL(MEMORY, "no memory for %zu sums", x->plan_count);
    for (size_t k = 0; k < x->plan_count; k++) {
        size_t count = x->plan[k].count;
        tally_sum_algorithm algorithm = algorithm_of(x, count);

        if (algorithm == TALLY_SUM_NATIVE || algorithm == TALLY_SUM_SHM)
            x->certainty = TALLY_MODELLED;
        TALLY_TRY(tally_sum_open(&s->spans[k], x->comm, x->channel, (int)k, algorithm,
                                 count));
    }
    return TALLY_OK;
}

static tally_status open(tally_exchange *x)
{
    sums *s = calloc(1, sizeof *s);

    x->inner = s;
    if (!s) return TALLY_FAIL(MEMORY, "no memory for sums");
    if (!sums_in_place(x)) return open_spans(x, s);
    x->certainty = TALLY_MODELLED;
    return tally_in_place_open(&s->in_place, x->comm, x->channel, 0, x->plan,
                               x->plan_count, x->layout->length);
}

static tally_status room(tally_exchange *x, tally_real **v)
{
    const sums *s = x->inner;

    return s->in_place ? tally_in_place_room(s->in_place, v) : TALLY_OK;
}

static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    const sums *s = x->inner;

    (void)step;
    if (s->in_place) return tally_in_place_start(s->in_place, k);
    return tally_sum_start(&s->spans[k], v.values + x->plan[k].first, x->plan[k].count);
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    const sums *s = x->inner;

    if (s->in_place) return tally_in_place_wait(s->in_place, k);
    TALLY_TRY(tally_sum_wait(&s->spans[k]));
    *agreed = (tally_view){.values = s->spans[k].v - x->plan[k].first};
    return TALLY_OK;
}

static tally_span part(const tally_exchange *x, size_t k, tally_span left,
                       tally_view *agreed)
{
    const sums *s = x->inner;

    if (!s->in_place) return left;
    return tally_in_place_part(s->in_place, k, left, &agreed->values);
}

static void wire(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    size_t count = x->plan[k].count;
    tally_billed of = {bill, x->plan[k], NULL};

    (void)step;
    tally_sum_tell(x->comm, algorithm_of(x, count), count, tally_bill_values, &of);
}

static void close(tally_exchange *x)
{
    sums *s = x->inner;

    if (!s) return;
    tally_in_place_close(s->in_place);
    for (size_t k = 0; s->spans && k < x->plan_count; k++)
        tally_sum_close(&s->spans[k]);
    free(s->spans);
    free(s);
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
    .room = room,
    .part = part,
    .wire = wire,
    .close = close,
};

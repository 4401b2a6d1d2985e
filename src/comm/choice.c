/* choice.c — which algorithm a sum takes: `auto` by a table, and what stands in for one
 * that a comm does not offer.
 *
 *     the first row that fits (where the ranks are, how many, bytes of the vector)
 *
 * By table and never by timing, so that the same command adds in the same order.  The
 * choice is made when a sum is opened, for its longest vector. */

#include "comm/comm.h"
#include "comm/shm.h"

#include <stdint.h>

typedef enum place {
    ONE_NODE, /* shared memory, real time */
    NATIVE,   /* several nodes, and the comm has its own sum */
    MESSAGES  /* neither: a simulated network */
} place;

typedef struct row {
    place place;
    int ranks;    /* at least */
    size_t bytes; /* at most */
    tally_sum_algorithm algorithm;
} row;

/* One node, measured: tally bench exchange, medians of 15, Open MPI 4.1.4, 2 cores of
 * an AMD EPYC; native / shm in us:
 *
 *              4 KiB        64 KiB       1 MiB        4 MiB        32 MiB
 *     2 ranks    10    6      45   27     110   73     646  303    17631   4594
 *     4 ranks    20    6      71   36     888  660    3469 2164    46005  12323
 *
 * Several nodes: not measured; the library's own tables are made for networks.
 *
 * Messages, simulated: alpha 50 us, beta 8 ns, ring / halving / tree in us:
 *
 *              4 KiB             16 KiB             64 KiB
 *     3 ranks   276  365  216     425   659   574    949  2035  2147
 *     7 ranks   739  464  429     925   840  1118   1624  2609  3870
 *    12 ranks  1225  573  574    1451  1089  1430   2205  3153  4969
 *    16 ranks  1644  461  695    1854   720  1580   2616  1678  5119 */
static const row table[] = {
    {ONE_NODE, 2, SIZE_MAX, TALLY_SUM_SHM    },
    {NATIVE,   2, SIZE_MAX, TALLY_SUM_NATIVE },
    {MESSAGES, 7, 16 << 10, TALLY_SUM_HALVING},
    {MESSAGES, 3, 4 << 10,  TALLY_SUM_TREE   },
    {MESSAGES, 1, SIZE_MAX, TALLY_SUM_RING   },
};

static place place_of(const tally_comm *c)
{
    if (tally_shm_works(c)) return ONE_NODE;
    return c->ops->isum ? NATIVE : MESSAGES;
}

static tally_sum_algorithm look_up(const tally_comm *c, size_t bytes)
{
    place where = place_of(c);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].place == where && c->size >= table[i].ranks &&
            bytes <= table[i].bytes)
            return table[i].algorithm;
    return TALLY_SUM_RING;
}

tally_sum_algorithm tally_sum_resolve(const tally_comm *c,
                                      tally_sum_algorithm algorithm, size_t n)
{
    if (algorithm == TALLY_SUM_AUTO) return look_up(c, n * sizeof(tally_real));
    if (algorithm == TALLY_SUM_NATIVE && !c->ops->isum) return TALLY_SUM_RING;
    if (algorithm == TALLY_SUM_SHM && !tally_shm_works(c)) return TALLY_SUM_RING;
    return algorithm;
}

/* choice.c — which algorithm a sum takes: `auto` by a table, and what stands in for one
 * that a comm does not offer.
 *
 *     the first row that fits (where the ranks are, how many, bytes of the vector, and
 *     of a rank's share of it: the more ranks, the longer is a ring's way around)
 *
 * By table and never by timing, so that the same command adds in the same order.  The
 * choice is made when a sum is opened, for its longest vector. */

#include "comm/comm.h"
#include "comm/move.h"
#include "comm/shm.h"

#include <stdint.h>

typedef enum place {
    ONE_NODE, /* shared memory, real time */
    CROWDED,  /* several nodes, of which some have several ranks */
    APART,    /* a rank on each node */
    MESSAGES  /* a simulated network */
} place;

typedef struct row {
    place place;
    int ranks;    /* at least */
    size_t bytes; /* at most */
    size_t share; /* at most, of the bytes by the ranks */
    tally_sum_algorithm algorithm;
} row;

#define ANY SIZE_MAX

/* One node, measured: tally bench exchange, medians of 15, Open MPI 4.1.4, 2 cores of
 * an AMD EPYC; native / shm in us:
 *
 *              4 KiB        64 KiB       1 MiB        4 MiB        32 MiB
 *     2 ranks    10    6      45   27     110   73     646  303    17631   4594
 *     4 ranks    20    6      71   36     888  660    3469 2164    46005  12323
 *
 * Several nodes, measured: the same, on 4 namespace hosts with links of 1 gbit, native
 * / ring / halving / tree in us:
 *
 *                  1 KiB             16 KiB             64 KiB
 *     4 ranks  112 296 175 114   227 350 247 170   253 357 272  539
 *     2 ranks   16  33  37  27    47  43  50  34   344 396 387  429
 *
 *                  256 KiB                1 MiB                   4 MiB
 *     4 ranks  2703 2563 2626 7188   21395 14772 21866 40931   106781 73888
 *     2 ranks  1721 2022 2001 3126   11210  9894  8279 15879    51650 37261
 *
 * The library's own, besides, blocks: nothing hides behind it.
 *
 * On more of them, of which 2 cores compute for all, ring / halving / tree:
 *
 *                 32 KiB            64 KiB           128 KiB          256 KiB
 *     3 ranks   334 267 208     423  835  617     789 2502 2858    2421 6150
 *     6 ranks  1357 768 540    1455  992 1719    1421 4208 5679    3160 7275
 *     8 ranks  1868 951 732    2607 1269 1727    2832 2727 6625    4824 4513
 *
 * 2 ranks on each of 2 such hosts:
 *
 *              1 KiB  16 KiB  64 KiB  256 KiB  1 MiB  4 MiB  16 MiB
 *     native      96     159     190     1476  10839  46806  272586
 *     ring       192     257     277     2442  13655  55152  217610
 *     halving    140     198     219     1501  11205
 *     tree       120     138     288     4091  16905
 *     hier       138     188     223     1523  10317  43683  166501
 *
 * Messages, simulated: alpha 50 us, beta 8 ns, ring / halving / tree in us:
 *
 *              4 KiB             16 KiB             64 KiB
 *     3 ranks   276  365  216     425   659   574    949  2035  2147
 *     7 ranks   739  464  429     925   840  1118   1624  2609  3870
 *    12 ranks  1225  573  574    1451  1089  1430   2205  3153  4969
 *    16 ranks  1644  461  695    1854   720  1580   2616  1678  5119 */
static const row table[] = {
    {ONE_NODE, 2, ANY,      ANY,                 TALLY_SUM_SHM    },
    {CROWDED,  2, 16 << 10, ANY,                 TALLY_SUM_TREE   },
    {CROWDED,  2, ANY,      ANY,                 TALLY_SUM_HIER   },
    {APART,    2, 16 << 10, ANY,                 TALLY_SUM_TREE   },
    {APART,    2, ANY,      TALLY_HALVING_SHARE, TALLY_SUM_HALVING},
    {APART,    2, ANY,      ANY,                 TALLY_SUM_RING   },
    {MESSAGES, 7, ANY,      2 << 10,             TALLY_SUM_HALVING},
    {MESSAGES, 3, 4 << 10,  ANY,                 TALLY_SUM_TREE   },
    {MESSAGES, 1, ANY,      ANY,                 TALLY_SUM_RING   },
};

static place place_of(const tally_comm *c)
{
    if (tally_shm_works(c)) return ONE_NODE;
    if (c->ops->spend) return MESSAGES;
    return c->nodes < c->size ? CROWDED : APART;
}

static tally_sum_algorithm look_up(const tally_comm *c, size_t bytes)
{
    place where = place_of(c);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].place == where && c->size >= table[i].ranks &&
            bytes <= table[i].bytes && bytes / (size_t)c->size <= table[i].share)
            return table[i].algorithm;
    return TALLY_SUM_RING;
}

tally_sum_algorithm tally_sum_resolve(const tally_comm *c,
                                      tally_sum_algorithm algorithm, size_t n)
{
    if (algorithm == TALLY_SUM_AUTO) return look_up(c, n * sizeof(tally_real));
    if (algorithm == TALLY_SUM_NATIVE && !c->ops->isum) return TALLY_SUM_RING;
    if (algorithm == TALLY_SUM_HIER && c->nodes == 1) algorithm = TALLY_SUM_SHM;
    if (algorithm == TALLY_SUM_HIER && c->nodes == c->size) return TALLY_SUM_RING;
    if (algorithm == TALLY_SUM_SHM && !tally_shm_works(c)) return TALLY_SUM_RING;
    return algorithm;
}

/* bsp.c — bulk synchronous: all gradients of a step become one update.
 *
 *     step t:   w <- w moved by ((g_0 + g_1) + g_2) + ...   once all parts are there
 *     m may start  when the step of its last part is done, or a lost worker's part of
 *                  the present step is to be done
 *
 * The sum is taken in the order of the parts, which are those of lockstep's ranks: the
 * weights are those of trainer lockstep with exchange ordered, bit for bit, also when a
 * worker is lost and another does its part.  Valiant, A Bridging Model for Parallel
 * Computation, 1990.  Memory of a server: a second gradient per worker. */

#include "trainer/server/server.h"

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_store_gather(s, p);
}

static int need(const tally_store *s)
{
    return s->count;
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    return tally_store_has_part(s, p);
}

const tally_consistency_ops tally_consistency_bsp = {
    .about = {.name = "bsp",
              .brief = "all wait for all: the gradients of a step are one update",
              .paper = "Valiant 1990"},
    .need = need,
    .arrive = arrive,
    .may_start = may_start,
};

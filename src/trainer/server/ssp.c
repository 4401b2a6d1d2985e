/* ssp.c — stale synchronous parallel: nobody runs ahead by more than a bound.
 *
 *     clock c_m    pushes of worker m so far
 *     on a push    w <- w moved by g_m
 *     m may start  when c_m - min over workers of c <= bound
 *
 * So what m reads holds every update of clocks below c_m - bound.  Ho et al., More
 * Effective Distributed ML via a Stale Synchronous Parallel Parameter Server, NIPS
 * 2013, section 3.  bound=0 is a barrier each step; its gradients are then taken at the
 * same weights, and are added and applied as one: that is bsp. */

#include "trainer/server/server.h"

#include <stddef.h>

typedef struct ssp {
    uint64_t bound;
} ssp;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, ssp, bound, "2", "[0, 1e9]",
                 "clocks that a worker may be ahead of the slowest; 0: bsp"),
    TALLY_END,
};

static const tally_consistency_ops *becomes(const void *chosen)
{
    const ssp *o = chosen;

    return o->bound == 0 ? &tally_consistency_bsp : &tally_consistency_ssp;
}

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_store_apply(s, p);
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    const ssp *o = s->run->consistency_options;

    return p->clock - tally_store_slowest(s) <= o->bound;
}

const tally_consistency_ops tally_consistency_ssp = {
    .about = {.name = "ssp",
              .brief = "nobody runs ahead of the slowest by more than bound clocks",
              .paper = "Ho et al. 2013, Stale Synchronous Parallel Parameter Server",
              .options = options,
              .options_size = sizeof(ssp)},
    .becomes = becomes,
    .arrive = arrive,
    .may_start = may_start,
};

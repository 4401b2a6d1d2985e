/* async.c — every gradient moves the weights when it arrives; nobody waits.
 *
 *     on a push of m:   w <- w moved by g_m;   m may start again at once
 *
 * Dean et al., Large Scale Distributed Deep Networks, NIPS 2012, section 4.1 (Downpour
 * SGD with a push and a fetch each step); Recht, Re, Wright, Niu, Hogwild!, 2011, is
 * the same on shared memory.  With M workers of one speed a gradient is M - 1 updates
 * old on average, and those act as momentum 1 - 1/M (Mitliagkas et al., Asynchrony
 * begets Momentum, 2016): take less explicit momentum as M grows. */

#include "trainer/server/server.h"

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_store_apply(s, p);
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    (void)s, (void)p;
    return true;
}

const tally_consistency_ops tally_consistency_async = {
    .about = {.name = "async",
              .brief = "nobody waits: each gradient is applied when it arrives",
              .paper = "Dean et al. 2012, Large Scale Distributed Deep Networks"},
    .arrive = arrive,
    .may_start = may_start,
};

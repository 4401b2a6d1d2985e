/* backup.c — synchronous with spare workers: the first n gradients of a step count.
 *
 *     step t:   w <- w moved by M/n (sum of the first n of M gradients of step t)
 *     a gradient of an earlier step is dropped
 *
 * Chen, Pan, Monga, Bengio, Jozefowicz, Revisiting Distributed Synchronous SGD, 2016,
 * arXiv:1604.00981, algorithms 3 and 4.  No gradient is stale, and the M - n slowest of
 * a step hold nobody up; their rows of that step are not seen. */

#include "trainer/server/server.h"

#include <stddef.h>

typedef struct backup {
    uint64_t need;
} backup;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, backup, need, "0", NULL,
                 "gradients that make a step, at most all; 0: all but one"),
    TALLY_END,
};

static int need(const tally_store *s)
{
    const backup *o = s->run->consistency_options;
    uint64_t most = (uint64_t)s->count;

    if (o->need == 0) return s->count > 1 ? s->count - 1 : 1;
    return (int)(o->need < most ? o->need : most);
}

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_store_gather(s, p);
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    return tally_store_has_part(s, p);
}

const tally_consistency_ops tally_consistency_backup = {
    .about = {.name = "backup",
              .brief = "the first n gradients of a step count, late ones are dropped",
              .paper = "Chen et al. 2016, arXiv:1604.00981",
              .options = options,
              .options_size = sizeof(backup)},
    .need = need,
    .arrive = arrive,
    .may_start = may_start,
};

/* replicas.h — every rank holds the same weights, bit for bit: whether it still does.
 */

#ifndef TALLY_RUN_REPLICAS_H
#define TALLY_RUN_REPLICAS_H

#include "tally/run.h"

/* Compares a hash of run->w among the holders.  When some differ: TALLY_MISMATCH,
 * agreed by all, whose sentence names the ranks and the first tensor.  With `repair`
 * the others take over the weights and the shared state of those instead that most
 * hold, and rank 0 is told so.  Costs a read of w and 8 bytes from each rank to each.
 * Collective over the holders. */
tally_status tally_replicas_check(tally_run *run, bool repair);

#endif

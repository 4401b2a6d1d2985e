/* mismatch.h — why the signatures of collectives differ. */

#ifndef TALLY_COMM_MISMATCH_H
#define TALLY_COMM_MISMATCH_H

#include "tally/comm.h"

/* Why the sums of tally_watch_sum differ: gathers the last collectives and returns
 * TALLY_MISMATCH, agreed by all, with the two ranks and what they called.  Collective.
 */
tally_status tally_mismatch_name(tally_comm *c);

#endif

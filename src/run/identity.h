/* identity.h — whether all ranks run the same thing. */

#ifndef TALLY_RUN_IDENTITY_H
#define TALLY_RUN_IDENTITY_H

#include "tally/run.h"

/* Returns TALLY_MISMATCH, agreed by all, when ranks run other builds of Tally, options,
 * models or data, or read other weights by --start; the sentence names two ranks, their
 * hosts and what each has.  Collective: 128 bytes from each rank to each. */
tally_status tally_identity_check(tally_run *run);

/* The same of the build alone, before there is a run.  Collective. */
tally_status tally_identity_check_program(tally_comm *c);

#endif

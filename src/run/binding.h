/* binding.h — whether ranks starve on few processors while others are idle. */

#ifndef TALLY_RUN_BINDING_H
#define TALLY_RUN_BINDING_H

#include "tally/run.h"

#include "comm/launcher.h"
#include "num/topology.h"

typedef struct tally_binding {
    tally_place place;
    uint64_t threads; /* for products */
} tally_binding;

/* True when a rank has fewer processors than threads, or the ranks of a machine have
 * fewer than they could use, only because they are bound so.
 *
 * all       one record a rank
 * *rank     the lowest that is concerned, who should say it
 * sentence  what is wrong, and the flag that mends it */
bool tally_binding_starves(const tally_binding *all, int ranks, tally_launcher launcher,
                           int *rank, char *sentence, size_t most);

/* Warns on one rank if that is so.  Collective. */
tally_status tally_binding_check(const tally_run *run);

/* Threads of this rank's products: what the options say, else the machine. */
size_t tally_run_threads(const tally_run *run);

#endif

/* binding.h — whether ranks starve on few processors while others are idle. */

#ifndef TALLY_RUN_BINDING_H
#define TALLY_RUN_BINDING_H

#include "tally/run.h"

#include "comm/launcher.h"
#include "num/topology.h"

typedef struct tally_binding {
    tally_place place;
    uint64_t threads; /* for products */
    int near;         /* ranks that it shares memory with; 0: nobody asked */
} tally_binding;

/* The ranks of one machine together. */
typedef struct tally_crowd {
    int ranks;
    uint64_t threads, most_threads;
    size_t bound, allowed; /* processors that one of them at least may use */
    bool apart; /* in containers: a launcher binds each as if it were alone */
} tally_crowd;

tally_crowd tally_binding_crowd(const tally_binding *all, int ranks, uint64_t machine);

/* What is wrong with the binding of which rank, the lowest concerned, and the flag that
 * mends it: "start with mpirun ...". */
typedef struct tally_advice {
    int rank;
    char said[256], fix[160];
} tally_advice;

/* Each of them over one record a rank; false: nothing to say. */

/* A rank has fewer processors than threads, or the ranks of a machine have fewer than
 * they could use, only because they are bound so. */
bool tally_binding_starves(const tally_binding *all, int ranks, tally_launcher launcher,
                           tally_advice *advice);

/* Two ranks are bound to the same processors, too few for both, beside idle ones. */
bool tally_binding_collides(const tally_binding *all, int ranks,
                            tally_launcher launcher, tally_advice *advice);

/* The ranks of a machine are bound to half of its processors or fewer, and have no more
 * threads than those only because of that: nobody has said how many. */
bool tally_binding_idles(const tally_binding *all, int ranks, tally_launcher launcher,
                         tally_advice *advice);

/* The ranks of a machine fit on its processors, but may wander: none is bound. */
bool tally_binding_wanders(const tally_binding *all, int ranks, tally_launcher launcher,
                           tally_advice *advice);

/* Warns on one rank if that is so.  Collective. */
tally_status tally_binding_check(const tally_run *run);

/* Threads of this rank's products: what the options say, else the machine. */
size_t tally_run_threads(const tally_run *run);

#endif

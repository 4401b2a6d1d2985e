/* target.h — training until so much is right: when a run got there, and what it had
 * sent by then. */

#ifndef TALLY_CLI_BENCH_TARGET_H
#define TALLY_CLI_BENCH_TARGET_H

#include "tally/run.h"

typedef struct bench_target {
    double accuracy; /* 0..1 */
    uint64_t every;  /* steps between looks; 0: a tenth of an epoch */
} bench_target;

/* Of one run, as one rank saw it.  All 0 at first, and on ranks without weights. */
typedef struct bench_arrival {
    double best;           /* accuracy at any look; at the arrival: that one */
    double there;          /* 1: the target was reached; what follows is of then */
    double seconds, steps; /* of training: looking does not count */
    double bytes;          /* sent by this rank */
} bench_arrival;

/* The rows that are looked at: those held out, or else the test's. */
tally_split bench_target_rows(const tally_run *run);

/* Whether an open run can get anywhere.  Returns TALLY_OPTION.  Local. */
tally_status bench_target_check(const bench_target *t, const tally_run *run);

/* After a step, by which this rank had sent so many bytes: looks when it is time, and
 * says run->enough on arrival.  Collective over the holders. */
tally_status bench_target_look(const bench_target *t, tally_run *run, double bytes,
                               bench_arrival *a);

#endif

/* account.h — what a run cost: where the time of its steps went, what it sent, and when
 * it got where it should. */

#ifndef TALLY_CLI_BENCH_ACCOUNT_H
#define TALLY_CLI_BENCH_ACCOUNT_H

#include "cli/bench/target.h"

/* Of a step: gradients, four parts of the exchange (tally_spent), moving weights. */
enum {
    BENCH_COMPUTE,
    BENCH_ENCODE,
    BENCH_WAIT,
    BENCH_WIRE,
    BENCH_DECODE,
    BENCH_APPLY,
    BENCH_PARTS
};

/* Of all ranks.  The first step, in which memory is found, is left out of all but the
 * arrival. */
typedef struct bench_account {
    double step; /* seconds, mean over the ranks that measure its parts; rank 0's where
                    nobody does */
    double part[BENCH_PARTS]; /* seconds of it, means over the same ranks, together not
                                 more than step; NAN where nobody measures them */
    double samples;           /* a second, of all ranks */
    double bytes;             /* sent by a rank in a step, mean over all */
    bench_arrival arrival;    /* not there: its numbers are INFINITY */
} bench_account;

/* Trains a run whose options are set, up to the target (NULL: to its end), and leaves
 * it open.  Collective. */
tally_status bench_account_take(tally_run *run, tally_comm *c,
                                const bench_target *target, bench_account *account);

#endif

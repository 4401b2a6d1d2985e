/* step.h — a step of every exchange, on ranks that are not there. */

#ifndef TALLY_CLI_BENCH_STEP_H
#define TALLY_CLI_BENCH_STEP_H

#include "cli/bench/cost.h"

/* Exchanges that compute something. */
enum { BENCH_NONE, BENCH_VOTE, BENCH_GATHER, BENCH_POWERSGD, BENCH_WORKS };

enum { BENCH_STEPS_MOST = 16 };

/* What is to be trained. */
typedef struct bench_plan {
    size_t values, p, q; /* weights; those in the sums of powersgd */
    double batch, compute;
    tally_codec codec;
    bool coded;               /* by another codec than fp32 */
    double work[BENCH_WORKS]; /* seconds */
    bool strong;              /* the ranks share one batch; else each has one */
} bench_plan;

/* Seconds of a step by one exchange; samples a second, of all ranks. */
typedef struct bench_step {
    const char *name;
    double exchange, work, step, overlapped, samples;
} bench_step;

/* All exchanges that there are on so many ranks of a cluster like c, fastest first: how
 * many.  c->node 0: all on one node. */
int bench_steps(const bench_plan *p, const bench_cluster *c, int ranks,
                bench_step steps[BENCH_STEPS_MOST]);

#endif

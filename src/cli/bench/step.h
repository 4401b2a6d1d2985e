/* step.h — a step of every exchange, on ranks that are not there. */

#ifndef TALLY_CLI_BENCH_STEP_H
#define TALLY_CLI_BENCH_STEP_H

#include "cli/bench/cost.h"

/* Exchanges that compute something. */
enum { BENCH_NONE, BENCH_VOTE, BENCH_GATHER, BENCH_POWERSGD, BENCH_WORKS };

enum { BENCH_STEPS_MOST = 16 };

/* What a rank computes with: operations a second of large products, bytes a second from
 * memory. */
typedef struct bench_core {
    double products, memory;
} bench_core;

/* What a step on one rank asks of its core: operations, and bytes moved for each sample
 * and for the weights, however few samples there are.  All 0: nobody knows. */
typedef struct bench_load {
    double flops, sample_bytes, weight_bytes;
} bench_load;

/* What is to be trained. */
typedef struct bench_plan {
    size_t values, p, q;   /* weights; those in the sums of powersgd */
    double batch, compute; /* samples of a step on one rank, its seconds on `core` */
    bench_load load;
    bench_core core;
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

/* Seconds that a core would need for so much of a batch by its rates alone. */
double bench_load_seconds(const bench_load *l, const bench_core *core, double share);

/* All exchanges that there are on so many ranks of a cluster like c, fastest first: how
 * many.  c->node 0: all on one node. */
int bench_steps(const bench_plan *p, const bench_cluster *c, int ranks,
                bench_step steps[BENCH_STEPS_MOST]);

#endif

/* plan.h — what is to be trained, measured on one rank. */

#ifndef TALLY_CLI_BENCH_PLAN_H
#define TALLY_CLI_BENCH_PLAN_H

#include "cli/bench/step.h"

#include <jansson.h>

/* What is not measured, or not here. */
typedef struct bench_given {
    double compute;   /* seconds of a step on one rank; NAN: measure */
    bench_core core;  /* where it will run; NAN: as here */
    uint64_t factors; /* columns of powersgd's */
    bool strong;      /* the ranks share one batch */
    bool bare;        /* leave out what an exchange computes */
} bench_given;

/* options: of a run, resolved (bench_run_options); its exchange is not used, its codec
 * is that of gather.  p begins zeroed, and is closed by the caller in any case. Returns
 * what opening and training the run return.  Collective. */
tally_status bench_plan_measure(tally_comm *c, const json_t *options,
                                const bench_given *given, bench_plan *p);
void bench_plan_close(bench_plan *p);

#endif

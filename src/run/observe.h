/* observe.h — what happens around the steps: metrics, evaluation, checkpoints. */

#ifndef TALLY_RUN_OBSERVE_H
#define TALLY_RUN_OBSERVE_H

#include "tally/run.h"

/* run->after_step: see tally/run.h.  Collective. */
tally_status tally_observe_step(tally_run *run, const tally_score *score, double rate,
                                bool stop);

/* run->metric: see tally/run.h.  Local. */
tally_status tally_observe_metric(tally_run *run, const char *name, double value);

/* Loads the newest good checkpoint of run->folder into the run.  Collective. */
tally_status tally_observe_resume(tally_run *run);

#endif

/* cases.h — what every comm must do, as bodies that any comm can run.
 *
 * A body returns TALLY_CORRUPT with the place and the condition that does not hold. The
 * expected values are computed by each rank for itself, by the dullest code. */

#ifndef TEST_COMM_CASES_H
#define TEST_COMM_CASES_H

#include "tally/comm.h"

typedef struct comm_case {
    const char *name;
    tally_body body;
} comm_case;

extern const comm_case comm_cases[]; /* ends with a name of NULL */

/* Runs the case `context` names, or "all", then lets all ranks agree. */
tally_status comm_case_run(tally_comm *c, void *context);

#endif

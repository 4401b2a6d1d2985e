/* progress.h — what a person sees of a run as it goes: lines on stderr. */

#ifndef TALLY_CLI_PROGRESS_H
#define TALLY_CLI_PROGRESS_H

#include "cli/facts.h"

#include <stdio.h>

typedef struct cli_progress {
    FILE *to; /* NULL: nothing is said */
    bool terminal;
    double (*now)(void); /* seconds */

    bool drawn; /* the present line is to be overdrawn */
    double begun, drawn_at;
    uint64_t first, step, samples; /* steps done at the start and now; rows since */
} cli_progress;

/* The wall clock that does not jump. */
double cli_progress_clock(void);

/* What tally_run tells; p must outlive the run. */
tally_observer cli_progress_observer(cli_progress *p);

/* What runs, in one line.  Then the clock of the steps starts. */
void cli_progress_begin(cli_progress *p, const tally_run *run, const cli_facts *facts);

/* The last lines. */
void cli_progress_end(cli_progress *p, const tally_run *run, const cli_facts *facts);

/* Ends a line that was to be overdrawn, so that others may print. */
void cli_progress_release(cli_progress *p);

#endif

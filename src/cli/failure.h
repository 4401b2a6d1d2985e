/* failure.h — the one place where failures are printed, once each. */

#ifndef TALLY_CLI_FAILURE_H
#define TALLY_CLI_FAILURE_H

#include "tally/comm.h"

typedef struct cli_failure {
    bool backtrace; /* also print the places a failure went through */
    bool handled;   /* this process's part is done: printed here, or by another rank */
} cli_failure;

/* "tally: rate=0 is not in (0, inf)", unless it is handled already. */
void cli_failure_print(cli_failure *f);

/* On every rank at the end of its part.  What all ranks know of is printed by rank 0
 * alone; what one rank alone met is printed by that rank, which then ends all others.
 * Returns the status; may not return after a failure. */
tally_status cli_failure_on_rank(cli_failure *f, tally_comm *c, tally_status status);

/* Agrees on what reading the words came to, as the first thing that ranks do together.
 * Where some cannot reach each other it fails after five minutes, with TALLY_NETWORK.
 * Collective. */
tally_status cli_meet(tally_comm *c, tally_status asked);

#endif

/* near.h — gradients and weights through memory that a node shares. */

#ifndef TALLY_TRAINER_SERVER_NEAR_H
#define TALLY_TRAINER_SERVER_NEAR_H

#include "tally/run.h"

/* Zeroed: nothing is shared. */
typedef struct tally_near {
    tally_comm *comm;     /* borrowed */
    tally_window *window; /* owned: two vectors for each worker of this node */
    int *place;           /* owned: of each rank, which two of those; -1: none */
    bool *here;           /* owned: beside it, whether it is on this node */
    size_t room;          /* values from one vector to the next */
} tally_near;

/* Makes memory for the workers of a node that has a server too; a node that cannot goes
 * by messages.  wanted: false, and all do.  Collective over run->comm. */
tally_status tally_near_open(tally_near *n, tally_run *run, bool wanted);
void tally_near_close(tally_near *n);

/* The whole gradient of a worker, and the whole weights that it works at, where this
 * rank and that one can both see them; NULL: they send messages to each other. */
tally_real *tally_near_gradient(const tally_near *n, int rank);
tally_real *tally_near_weights(const tally_near *n, int rank);

/* Whether server `rank` sees this worker's. */
bool tally_near_sees(const tally_near *n, int rank);

/* What this rank wrote there is seen by whoever gets its next message; what the sender
 * of the last message wrote is seen here. */
void tally_near_tell(void);
void tally_near_hear(void);

#endif

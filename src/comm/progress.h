/* progress.h — a thread that advances collectives while its rank computes. */

#ifndef TALLY_COMM_PROGRESS_H
#define TALLY_COMM_PROGRESS_H

#include "tally/comm.h"

/* Starts the thread for c and the comms that will be split from it.  Between two looks
 * it naps for `nap` seconds. */
tally_status tally_progress_open(tally_comm *c, double nap);

/* Ends it.  Nothing need be done yet: what is under way stands still from here on. */
void tally_progress_close(tally_comm *c);

/* A comm that was split from one, and that is about to close. */
void tally_progress_join(tally_comm *c, tally_comm *sub);
void tally_progress_part(tally_comm *sub);

/* Between these two the comm is the caller's alone; they nest.  Nothing to do where
 * there is no thread. */
void tally_progress_enter(const tally_comm *c);
void tally_progress_leave(const tally_comm *c);

/* Says that a task was started; and what went wrong in the thread, if anything did.
 * Between enter and leave. */
void tally_progress_wake(const tally_comm *c);
tally_status tally_progress_status(const tally_comm *c);

#endif

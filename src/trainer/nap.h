/* nap.h — time that stands for computing, where ranks share cores. */

#ifndef TALLY_TRAINER_NAP_H
#define TALLY_TRAINER_NAP_H

#include "tally/comm.h"

/* Simulated ranks are charged the seconds, others sleep.  Local. */
void trainer_nap(tally_comm *c, double seconds);

/* Seconds of a processor that this thread has had; 0 for simulated ranks, whose work is
 * declared.  Waiting for a core does not count, so the difference is what computing
 * takes on a core of one's own. */
double trainer_busy(const tally_comm *c);

/* Seconds since `begin`, when trainer_busy was `busy`, in which this thread had no
 * processor though it did not sleep; 0 for simulated ranks. */
double trainer_starved(tally_comm *c, double begin, double busy, double asleep);

#endif

/* nap.h — time that stands for computing, where ranks share cores. */

#ifndef TALLY_TRAINER_NAP_H
#define TALLY_TRAINER_NAP_H

#include "tally/comm.h"

/* Simulated ranks are charged the seconds, others sleep.  Local. */
void trainer_nap(tally_comm *c, double seconds);

#endif

/* stop.h — whether this process was asked to end its run in good order. */

#ifndef TALLY_BASE_STOP_H
#define TALLY_BASE_STOP_H

#include <stdbool.h>

void tally_stop_request(void); /* may be called by a signal handler */
bool tally_stop_requested(void);

#endif

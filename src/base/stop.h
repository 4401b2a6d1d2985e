/* stop.h — what signals ask of this process: to end its run in good order, to report.
 */

#ifndef TALLY_BASE_STOP_H
#define TALLY_BASE_STOP_H

#include <stdbool.h>

void tally_stop_request(void); /* may be called by a signal handler */
bool tally_stop_requested(void);

void tally_report_request(void);   /* may be called by a signal handler */
bool tally_report_requested(void); /* since it was last asked so */

#endif

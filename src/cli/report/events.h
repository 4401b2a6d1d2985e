/* events.h — a run's metrics for TensorBoard. */

#ifndef TALLY_CLI_REPORT_EVENTS_H
#define TALLY_CLI_REPORT_EVENTS_H

#include "cli/report/folder.h"
#include "cli/report/text.h"

/* Writes folder/events.out.tfevents.0.tally, whole or not at all, and makes the folder:
 * every metric over the steps as a scalar, those of single ranks left out.  Returns
 * TALLY_FILE or TALLY_MEMORY. */
tally_status report_events_write(const report_run *r, const char *folder);

#endif

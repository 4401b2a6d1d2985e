/* metrics.h — numbers of a run over its steps, one JSON object a line.
 *
 *     {"step":100,"name":"train/loss","value":0.25}
 */

#ifndef TALLY_RUN_METRICS_H
#define TALLY_RUN_METRICS_H

#include "tally/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct tally_metrics tally_metrics; /* as in tally/run.h */

/* Opens a file for appending and makes it when there is none.  Lines of steps after
 * `step` (which a resumed run goes through again) and lines that a kill tore are
 * dropped first, all at once or not at all.  Returns TALLY_FILE or TALLY_MEMORY. Local.
 */
tally_status tally_metrics_open(tally_metrics **metrics, const char *path,
                                uint64_t step);

/* Adds a line.  A value that is not finite is written as text: "nan", "inf", "-inf".
 * Without metrics (NULL), as on all ranks but one, it does nothing. */
tally_status tally_metric(tally_metrics *metrics, const char *name, uint64_t step,
                          double value);

/* Hands the lines so far to the system: call it after each group, and before close. */
tally_status tally_metrics_flush(tally_metrics *metrics);

/* Whether there is a line of that name and step already.  None without metrics. */
tally_status tally_metrics_hold(tally_metrics *metrics, const char *name, uint64_t step,
                                bool *hold);

void tally_metrics_close(tally_metrics *metrics); /* NULL is fine */

#endif

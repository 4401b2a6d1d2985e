/* timeline.h — what all ranks did when, as one file for Perfetto: the option trace. */

#ifndef TALLY_RUN_TIMELINE_H
#define TALLY_RUN_TIMELINE_H

#include "tally/run.h"

typedef struct tally_timeline tally_timeline;

/* Makes sure that the file can be written, and keeps spans from now on.  Nothing
 * without the option.  Returns TALLY_FILE or TALLY_MEMORY.  Collective. */
tally_status tally_timeline_open(tally_run *run);

/* The spans of all ranks to the file.  Nothing where it was not opened.  Returns
 * TALLY_FILE, TALLY_MEMORY or TALLY_NETWORK.  Collective. */
tally_status tally_timeline_write(tally_run *run);

void tally_timeline_close(tally_run *run); /* local */

#endif

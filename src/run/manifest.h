/* manifest.h — OUT/manifest.json: what was run, by what, on what. */

#ifndef TALLY_RUN_MANIFEST_H
#define TALLY_RUN_MANIFEST_H

#include "tally/run.h"

/* Writes options, version, precision, ranks and machine.  Collective. */
tally_status tally_manifest_write(tally_run *run);

#endif

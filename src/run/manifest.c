/* manifest.c — OUT/manifest.json: what was run, by what, on what. */

#include "run/manifest.h"

#include "tally/tally.h"

#include "num/topology.h"
#include "run/config.h"
#include "run/folder.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

tally_status tally_manifest_write(tally_run *run)
{
    char hash[17], machine[256];
    json_t *options = tally_config_json(run);

    snprintf(hash, sizeof hash, "%016" PRIx64, tally_layout_hash(&run->f->layout));
    tally_topology_describe(machine, sizeof machine);
    json_t *manifest =
        json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:I, s:o}", "format",
                  TALLY_RUN_FORMAT, "version", TALLY_VERSION, "precision",
                  TALLY_REAL_DTYPE, "ranks", run->comm->size, "ranks_on_node_0",
                  run->comm->node_size, "machine", machine, "layout", hash, "weights",
                  (json_int_t)run->f->layout.length, "options", options);
    char *text = manifest ? json_dumps(manifest, JSON_INDENT(2)) : NULL;
    tally_status status = tally_agree(
        run->crew, text ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for the manifest"));

    if (!status) status = tally_folder_describe(run->folder, text);
    free(text);
    json_decref(manifest);
    return status;
}

/* config.h — what the user asked for, and the options that follow from it.
 *
 * tally_run_set keeps settings as they come; tally_config_resolve makes one
 * tally_config of them.  A higher origin wins over a lower one, and within one origin
 * the later setting wins over the earlier.  In short:
 *
 *     family spec   --rule adam:beta2=0.99   the whole family: keys and specs of lower
 *                                            origins no longer count
 *     family key    --rule.beta2 0.999       into the spec, replacing that key; before
 *                                            or after it
 *     strategy      --strategy vote          fills trainer, exchange and rule where no
 *                                            spec of the same or a higher origin does;
 *                                            one of the same member adds its pairs */

#ifndef TALLY_RUN_CONFIG_H
#define TALLY_RUN_CONFIG_H

#include "tally/run.h"

#include <jansson.h>

/* Where a setting comes from, lowest first. */
typedef enum tally_origin {
    TALLY_FROM_MANIFEST, /* the folder of a run that goes on */
    TALLY_FROM_FILE,     /* a run file */
    TALLY_FROM_COMMAND   /* the command line, or a program that links the library */
} tally_origin;

/* From now on tally_run_set speaks for this origin (before the first call: for
 * TALLY_FROM_COMMAND).  where: begins error sentences, such as "run.ini:3"; NULL or "":
 * nothing does.  Returns TALLY_MEMORY.  Local. */
tally_status tally_config_from(tally_run *run, tally_origin origin, const char *where);

/* Whether tally_run_set knows an option of this name, in either spelling; if not,
 * *nearest may become the nearest known one, as in tally_text_nearer. */
bool tally_config_knows(const char *name, const char **nearest);

/* run->options <- all options, checked, every member's options spelled out
 * ("momentum:beta=0.9,form=buffer").  May be called again after further settings.
 * Returns TALLY_OPTION or TALLY_MEMORY.  Local. */
tally_status tally_config_resolve(tally_run *run);

/* Whether value is what an option of this name has when nobody sets it, as resolved.
 * Local. */
bool tally_config_is_default(const char *name, const char *value);

/* Frees the settings and the options; safe on a zeroed run. */
void tally_config_close(tally_run *run);

/* Writes the resolved options as lines "name = value", which a run file may hold, into
 * text; options without a value are left out.  Returns TALLY_MEMORY when they do not
 * fit.  Local. */
tally_status tally_config_print(const tally_run *run, char *text, size_t most);

/* The same as an object of strings, {"batch": "32", ...}, owned by the caller; NULL
 * after a failure (a value that is not UTF-8, no memory).  Local. */
json_t *tally_config_json(const tally_run *run);

/* Sets what such an object says, as from a manifest; only names that `wants` approves
 * of (NULL: all).  Returns TALLY_OPTION, TALLY_FORMAT or TALLY_MEMORY.  Local. */
tally_status tally_config_take(tally_run *run, const json_t *options,
                               bool (*wants)(const char *name));

/* The same from OUT/manifest.json as text, of TALLY_RUN_FORMAT; from then on
 * tally_run_set speaks for the command line.  path begins the sentence of a failure:
 * TALLY_FORMAT, whatever is wrong with the manifest, or TALLY_MEMORY. */
tally_status tally_config_read(tally_run *run, const char *path, const char *manifest,
                               bool (*wants)(const char *name));

#endif

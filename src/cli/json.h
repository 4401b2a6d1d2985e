/* json.h — one line on stdout for programs that start Tally. */

#ifndef TALLY_CLI_JSON_H
#define TALLY_CLI_JSON_H

#include "cli/facts.h"

#include <jansson.h>

/* A number; null when it is not finite. */
json_t *cli_json_number(double x);

/* What a finished `tally train` says; owned by the caller.  Local. */
tally_status cli_json_result(const tally_run *run, const cli_facts *facts,
                             json_t **json);

/* Writes json as one line and gives it back.  Returns TALLY_FILE when stdout is full or
 * gone. */
tally_status cli_json_print(json_t *json);

#endif

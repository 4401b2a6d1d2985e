/* command.h — what main knows of a command. */

#ifndef TALLY_CLI_COMMAND_H
#define TALLY_CLI_COMMAND_H

#include "cli/failure.h"

typedef struct cli_command {
    const char *name;
    const char *brief; /* one line for `tally help` */
    /* words: what follows the command's name, `count` of them.  Failures that it has
     * reported itself are marked in *failure. */
    tally_status (*run)(cli_failure *failure, int count, char *const *words);
} cli_command;

extern const cli_command cli_train, cli_eval, cli_report, cli_bench, cli_info,
    cli_doctor;

#endif

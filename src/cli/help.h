/* help.h — `tally help` and `tally train --help`, from the tables. */

#ifndef TALLY_CLI_HELP_H
#define TALLY_CLI_HELP_H

#include "cli/arguments.h"

#include <stdio.h>

/* The command's own flags, one a line. */
void cli_help_flags(FILE *to, const cli_flag *flags);

/* Every option of a run, in groups, then the flags. */
void cli_help_train(FILE *to, const cli_flag *flags);

/* Group i, NULL past the end, and its options' names, ending with NULL. */
const char *cli_help_group(size_t i, const char *const **names);

#endif

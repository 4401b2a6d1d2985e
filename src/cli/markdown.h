/* markdown.h — reference pages from the tables. */

#ifndef TALLY_CLI_MARKDOWN_H
#define TALLY_CLI_MARKDOWN_H

#include "tally/option.h"

#include <stdio.h>

/* Every family, with links to <family>.md. */
void cli_markdown_index(FILE *to);

/* One family: its members, their options and state. */
void cli_markdown_family(FILE *to, const tally_family *family);

/* The options of a run. */
void cli_markdown_train(FILE *to);

#endif

/* words.h — what a person reads for the kinds of a table. */

#ifndef TALLY_CLI_WORDS_H
#define TALLY_CLI_WORDS_H

#include "tally/option.h"

const char *cli_words_kind(tally_option_kind kind);
const char *cli_words_sharing(tally_sharing sharing);
const char *cli_words_extent(tally_extent extent);

/* "plus|minus|coin" -> "plus, minus, coin"; an interval as it is; "" for NULL. */
void cli_words_range(const tally_option *option, char *text, size_t most);

/* "--rule"; "" for a family that a user does not choose from, such as layer. */
const char *cli_words_flag(const tally_family *family);

/* The family of that name; else TALLY_OPTION with the nearest one. */
tally_status cli_words_family(const char *name, const tally_family **family);

#endif

/* sizes.h — bytes and counts as people write them for a bench. */

#ifndef TALLY_CLI_SIZES_H
#define TALLY_CLI_SIZES_H

#include "tally/status.h"

#include <stdint.h>

enum { CLI_SIZES_MOST = 64 };

typedef struct cli_sizes {
    size_t count;
    size_t at[CLI_SIZES_MOST]; /* bytes, in the order given */
} cli_sizes;

/* "32MiB", "4KiB..1MiB" (steps of 4, the end included), "4KiB,1MiB..64MiB".  Units:
 * none (bytes), KiB, MiB, GiB, TiB; at most 1TiB.  Returns TALLY_OPTION. */
tally_status cli_sizes_read(const char *text, cli_sizes *sizes);

/* *value <- text as a count in [least, most]; NULL leaves it 0.  name: of the flag.
 * Returns TALLY_OPTION. */
tally_status cli_sizes_count(const char *name, const char *text, uint64_t least,
                             uint64_t most, uint64_t *value);

/* *counts <- "2,4,8", each in [least, most]; NULL leaves it.  Returns TALLY_OPTION. */
tally_status cli_sizes_counts(const char *name, const char *text, uint64_t least,
                              uint64_t most, cli_sizes *counts);

#endif

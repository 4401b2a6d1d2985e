/* entries.h — which exchanges take turns in `tally bench exchange`. */

#ifndef TALLY_CLI_BENCH_ENTRIES_H
#define TALLY_CLI_BENCH_ENTRIES_H

#include "tally/exchange.h"

enum { BENCH_ENTRIES_MOST = 64 };

typedef struct bench_entry {
    char spec[128];
    const char *codec; /* of an exchange that has one, borrowed; NULL: fp32 */
} bench_entry;

typedef struct bench_entries {
    bench_entry at[BENCH_ENTRIES_MOST];
    size_t count;
} bench_entries;

/* Those given, or every member of the family with each algorithm or form that c has;
 * where an exchange has a codec, with each of codecs ("all": of the family).  given,
 * codecs: lists that end with NULL.  Returns TALLY_OPTION. */
tally_status bench_entries_choose(bench_entries *e, const tally_comm *c,
                                  const char *const *given, const char *const *codecs);

/* Whether all of them can be opened, and some exchange has a codec if any was given,
 * before any time is spent.  Returns TALLY_OPTION.
 */
tally_status bench_entries_check(const char *const *given, const char *const *codecs);

#endif

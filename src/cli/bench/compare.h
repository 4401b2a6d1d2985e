/* compare.h — what `tally bench train --compare` names: strategies with options.
 *
 *     allreduce,vote:rate=1e-3,rule.beta=0.95,allreduce:exchange=gather,codec=bf16
 *     three: a key=value goes on with the strategy before it */

#ifndef TALLY_CLI_BENCH_COMPARE_H
#define TALLY_CLI_BENCH_COMPARE_H

#include "tally/run.h"

enum { BENCH_ENTRY_MOST = 256 };

/* entry <- the first of *list, which moves on; *entry is 0 when there is none left.
 * Returns TALLY_OPTION when it is too long. */
tally_status bench_compare_next(const char **list, char entry[BENCH_ENTRY_MOST]);

/* The strategy of an entry, then its options, as on the command line.  Returns
 * TALLY_OPTION. */
tally_status bench_compare_set(tally_run *run, const char *entry);

#endif

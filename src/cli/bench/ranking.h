/* ranking.h — accounts of several rounds as a table, the best strategy first. */

#ifndef TALLY_CLI_BENCH_RANKING_H
#define TALLY_CLI_BENCH_RANKING_H

#include "cli/bench/account.h"
#include "cli/bench/compare.h"
#include "cli/table.h"

enum { BENCH_STRATEGIES_MOST = 32 };

typedef struct bench_ranking {
    int count;                                /* strategies */
    const char (*names)[BENCH_ENTRY_MOST];    /* of them; borrowed */
    uint64_t rounds;                          /* at least 1 */
    bool target;                              /* they are ranked by their arrival */
    bench_account *of[BENCH_STRATEGIES_MOST]; /* owned: one a round */
    double *column;                           /* owned: scratch, one a round */
    cli_column columns[24];
    cli_table table;
} bench_ranking;

/* Room for the accounts, when count, names, rounds and target are set.  Returns
 * TALLY_MEMORY; is closed also then. */
tally_status bench_ranking_open(bench_ranking *r);
void bench_ranking_close(bench_ranking *r);

/* Writes the table, once; JSON is left in r->table. */
void bench_ranking_write(bench_ranking *r, cli_style style);

#endif

/* facts.c — what a report says of the ranks and of their processes.
 *
 * Memory is that of the process, which with --comm sim hosts all ranks. */

#include "cli/facts.h"

#include "run/binding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct mine {
    double peak_rss_mib;
    double first_of_host; /* 1 or 0 */
} mine;

static double peak_rss_mib(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage)) return (double)NAN;
    return (double)usage.ru_maxrss / 1024; /* Linux counts KiB */
}

/* The memory of c's ranks, and how many nodes they are on. */
static tally_status look_around(tally_comm *c, cli_facts *facts)
{
    mine m = {peak_rss_mib(), c->node_rank == 0};
    mine *all = calloc((size_t)c->size, sizeof *all);

    if (!all) return TALLY_FAIL(MEMORY, "no memory for the facts of %d ranks", c->size);
    tally_status status = tally_gather_all(c, &m, sizeof m, all);
    facts->hosts = 0;
    for (int r = 0; r < c->size && !status; r++) {
        facts->peak_rss_mib = fmax(facts->peak_rss_mib, all[r].peak_rss_mib);
        facts->hosts += (int)all[r].first_of_host;
    }
    free(all);
    return status;
}

tally_status cli_facts_gather(const tally_run *run, cli_facts *facts)
{
    tally_comm *c = run->comm;

    *facts = (cli_facts){.ranks = c->size,
                         .threads = (int)tally_run_threads(run),
                         .simulated = strcmp(c->ops->about.name, "sim") == 0};
    return look_around(c, facts);
}

tally_status cli_facts_renew(const tally_run *run, cli_facts *facts)
{
    int hosts = facts->hosts;

    if (!run->crew) return TALLY_OK;
    TALLY_TRY(look_around(run->crew, facts));
    facts->hosts = hosts;
    return TALLY_OK;
}

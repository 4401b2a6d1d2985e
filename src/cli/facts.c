/* facts.c — what a report says of the ranks and of their processes.
 *
 * Memory is that of the process, which with --comm sim hosts all ranks. */

#include "cli/facts.h"

#include "num/topology.h"

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

tally_status cli_facts_gather(const tally_run *run, cli_facts *facts)
{
    tally_comm *c = run->comm;
    uint64_t threads = run->options->threads;
    mine m = {peak_rss_mib(), c->node_rank == 0};
    mine *all = calloc((size_t)c->size, sizeof *all);
    tally_status status;

    *facts = (cli_facts){.ranks = c->size,
                         .simulated = strcmp(c->ops->about.name, "sim") == 0};
    if (threads == 0) threads = tally_topology_threads(c->node_size);
    facts->threads = (int)threads;
    if (!all) return TALLY_FAIL(MEMORY, "no memory for the facts of %d ranks", c->size);
    status = tally_gather_all(c, &m, sizeof m, all);
    for (int r = 0; r < c->size && !status; r++) {
        facts->peak_rss_mib = fmax(facts->peak_rss_mib, all[r].peak_rss_mib);
        facts->hosts += (int)all[r].first_of_host;
    }
    free(all);
    return status;
}

/* facts.h — what a report says of the ranks and of their processes. */

#ifndef TALLY_CLI_FACTS_H
#define TALLY_CLI_FACTS_H

#include "tally/run.h"

typedef struct cli_facts {
    int ranks, hosts, threads; /* threads: per rank */
    bool simulated;            /* times are those of a virtual clock */
    double peak_rss_mib;       /* the largest of any rank's process so far */
} cli_facts;

/* Collective. */
tally_status cli_facts_gather(const tally_run *run, cli_facts *facts);

/* What has changed at the end: memory, of the ranks that hold the weights, for others
 * may be gone.  Collective over the holders. */
tally_status cli_facts_renew(const tally_run *run, cli_facts *facts);

#endif

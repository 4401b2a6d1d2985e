/* places.h — where each rank is: host, processors, NUMA domains, machine. */

#ifndef TALLY_CLI_PLACES_H
#define TALLY_CLI_PLACES_H

#include "tally/comm.h"

#include "cli/table.h"

/* Where a rank is, in words. */
typedef struct cli_place {
    char host[64], processors[64], numa[32], machine[128];
} cli_place;

/* *places <- one a rank, owned by the caller.  Explores the comm.  Collective. */
tally_status cli_places_gather(tally_comm *c, cli_place **places);

/* Opens a table of a row a rank. */
void cli_places_write(cli_table *t, cli_style style, const tally_comm *c,
                      const cli_place *places);

/* "rank 2 on node7"; "rank 2" where all are on one host. */
const char *cli_places_name(const tally_comm *c, const cli_place *places, int rank,
                            char text[96]);

#endif

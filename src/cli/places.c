/* places.c — where each rank is, as the system tells it. */

#include "cli/places.h"

#include "tally/collective.h"

#include "comm/nodes.h"
#include "num/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_column columns[] = {
    {"rank",       "rank",       4,   0},
    {"node",       "node",       4,   0},
    {"host",       "host",       -12, 0},
    {"processors", "processors", -10, 0},
    {"numa",       "NUMA",       -5,  0},
    {"machine",    "machine",    -1,  0},
    {NULL,         NULL,         0,   0},
};

static void describe(const tally_comm *c, cli_place *p)
{
    tally_place at;

    if (strcmp(c->ops->about.name, "sim") == 0) {
        snprintf(p->host, sizeof p->host, "simulated");
        return;
    }
    if (gethostname(p->host, sizeof p->host - 1)) p->host[0] = '\0';
    if (tally_topology_place(&at)) {
        tally_units numa = tally_topology_numa(&at.bound);

        tally_units_print(&at.bound, p->processors, sizeof p->processors);
        tally_units_print(&numa, p->numa, sizeof p->numa);
    }
    tally_topology_describe(p->machine, sizeof p->machine);
}

tally_status cli_places_gather(tally_comm *c, cli_place **places)
{
    cli_place mine = {.host = ""};

    describe(c, &mine);
    *places = calloc((size_t)c->size, sizeof **places);
    tally_status status =
        *places ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d places", c->size);
    if (!status) status = tally_comm_explore(c);
    TALLY_TRY(tally_agree(c, status));
    return tally_gather_all(c, &mine, sizeof mine, *places);
}

void cli_places_write(cli_table *t, cli_style style, const tally_comm *c,
                      const cli_place *places)
{
    cli_table_open(t, style, columns);
    for (int r = 0; r < c->size; r++) {
        cli_table_number(t, r);
        cli_table_number(t, c->topology->node[r]);
        cli_table_text(t, places[r].host);
        cli_table_text(t, places[r].processors);
        cli_table_text(t, places[r].numa);
        cli_table_text(t, places[r].machine);
    }
}

const char *cli_places_name(const tally_comm *c, const cli_place *places, int rank,
                            char text[96])
{
    bool apart = c->nodes > 1;

    snprintf(text, 96, "rank %d%s%s", rank, apart ? " on " : "",
             apart ? places[rank].host : "");
    return text;
}

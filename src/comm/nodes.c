/* nodes.c — which ranks share a machine. */

#include "comm/nodes.h"

#include "base/status.h"

#include <stdlib.h>

static tally_status allocate(tally_nodes **nodes, int size)
{
    tally_nodes *t = calloc(1, sizeof *t);
    int *all = calloc(4 * (size_t)size + 1, sizeof *all);

    if (!t || !all) {
        free(t);
        free(all);
        return TALLY_FAIL(MEMORY, "no memory for the places of %d ranks", size);
    }
    *t = (tally_nodes){.node = all,
                       .place = all + size,
                       .ranks = all + 2 * (size_t)size,
                       .first = all + 3 * (size_t)size};
    *nodes = t;
    return TALLY_OK;
}

/* The lowest rank of r's machine. */
static int lowest(const int *host, int r)
{
    int q = 0;

    while (host[q] != host[r])
        q++;
    return q;
}

static void number(tally_nodes *t, const int *host, int size)
{
    for (int r = 0; r < size; r++) {
        int q = lowest(host, r);

        t->node[r] = q == r ? t->count++ : t->node[q];
        t->place[r] = t->first[t->node[r]]++; /* for now: how many there are */
    }
}

/* Counts of ranks become where each node begins. */
static void sort(tally_nodes *t, int size)
{
    int at = 0;

    t->least = t->most = t->first[0];
    for (int k = 0; k < t->count; k++) {
        int width = t->first[k];

        if (width < t->least) t->least = width;
        if (width > t->most) t->most = width;
        t->first[k] = at;
        at += width;
    }
    t->first[t->count] = at;
    for (int r = 0; r < size; r++)
        t->ranks[t->first[t->node[r]] + t->place[r]] = r;
}

tally_status tally_nodes_open(tally_nodes **nodes, const int *host, int size)
{
    TALLY_TRY(allocate(nodes, size));
    number(*nodes, host, size);
    sort(*nodes, size);
    return TALLY_OK;
}

void tally_nodes_close(tally_nodes *nodes)
{
    if (!nodes) return;
    free(nodes->node);
    free(nodes);
}

int tally_nodes_width(const tally_nodes *t, int node)
{
    return t->first[node + 1] - t->first[node];
}

int tally_nodes_rank(const tally_nodes *t, int node, int place)
{
    return t->ranks[t->first[node] + place];
}

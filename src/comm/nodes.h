/* nodes.h — which ranks share a machine. */

#ifndef TALLY_COMM_NODES_H
#define TALLY_COMM_NODES_H

#include "tally/status.h"

/* Nodes are numbered by their lowest rank, places on a node by rank. */
typedef struct tally_nodes {
    int count;
    int least, most;   /* ranks of the smallest node, and of the largest */
    int *node, *place; /* of each rank; owned, as is all below */
    int *first;        /* where a node begins in `ranks`; count + 1 of them */
    int *ranks;        /* sorted by node, then place */
} tally_nodes;

/* host[r]: any number that the ranks of one machine have in common. */
tally_status tally_nodes_open(tally_nodes **nodes, const int *host, int size);
void tally_nodes_close(tally_nodes *nodes);

int tally_nodes_width(const tally_nodes *t, int node);
int tally_nodes_rank(const tally_nodes *t, int node, int place);

#endif

/* graph_parse.h — a graph with features and labels at its nodes, and who of the nodes
 * trains, validates and tests. */

#ifndef TALLY_DATA_GRAPH_PARSE_H
#define TALLY_DATA_GRAPH_PARSE_H

#include "tally/source.h"

#include "data/csr.h"

typedef struct tally_graph {
    tally_csr s;        /* renormalised adjacency: nodes × nodes */
    tally_csr features; /* H: nodes × columns */
    size_t edges;       /* undirected, loops left out */
    int32_t *label;     /* owned */
    size_t nodes, classes;
} tally_graph;

/* g <- the graph in an archive with the keys of gnn-benchmark; g must be closed also
 * after a failure.  Returns TALLY_FORMAT or TALLY_MEMORY.  Local. */
tally_status tally_graph_parse(tally_graph *g, const tally_npz *z);
void tally_graph_close(tally_graph *g);

enum { TALLY_GRAPH_SPLITS = TALLY_TEST + 1 };

/* Nodes by split: training, then validation, then test; ascending in each. */
typedef struct tally_graph_split {
    size_t count[TALLY_GRAPH_SPLITS], total;
    uint32_t *node; /* owned; total of them */
} tally_graph_split;

/* p <- train_idx, val_idx and test_idx of an archive beside the graph. */
tally_status tally_graph_split_parse(tally_graph_split *p, const tally_npz *z,
                                     const tally_graph *g);

/* p <- nodes in the order of a keyed permutation: the first `per_class` of each class
 * train, the next count[TALLY_VALIDATE] validate, then count[TALLY_TEST] test.  Returns
 * TALLY_OPTION when there are too few. */
tally_status tally_graph_split_random(tally_graph_split *p, const tally_graph *g,
                                      uint64_t seed, uint64_t per_class,
                                      uint64_t validate, uint64_t test);
void tally_graph_split_close(tally_graph_split *p);

#endif

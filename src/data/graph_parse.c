/* graph_parse.c — a graph with features and labels at its nodes.
 *
 *     adj_data, adj_indices, adj_indptr, adj_shape        edges, as sparse rows
 *     attr_data, attr_indices, attr_indptr, attr_shape    features H, nodes × columns
 *     labels                                              a class of each node, from 0
 *
 * The keys of Shchur, Mumme, Bojchevski and Guennemann, Pitfalls of Graph Neural
 * Network Evaluation, 2018, arXiv:1811.05868 (gnn-benchmark).  Edges have the weight 1:
 * a graph with others is refused.  Other keys are ignored. */

#include "data/graph_parse.h"

#include <stdlib.h>

static tally_status check_edges(const tally_npz *z, const tally_csr *edges)
{
    if (edges->rows != edges->columns)
        return TALLY_FAIL(FORMAT, "%s: adj_shape is %zu x %zu, expected a square",
                          z->name, edges->rows, edges->columns);
    for (size_t k = 0; k < edges->first[edges->rows]; k++)
        if (edges->value[k] < 1 || edges->value[k] > 1)
            return TALLY_FAIL(FORMAT,
                              "%s: value %zu of adj_data is %g, expected 1: weights of "
                              "edges are not read",
                              z->name, k, (double)edges->value[k]);
    return TALLY_OK;
}

static tally_status read_edges(tally_graph *g, const tally_npz *z)
{
    tally_csr edges = {0};
    tally_status status = tally_csr_read(&edges, z, "adj");

    if (!status) status = check_edges(z, &edges);
    if (!status) status = tally_csr_renormalise(&g->s, &edges);
    if (!status) {
        g->nodes = edges.rows;
        g->edges = (g->s.first[g->nodes] - g->nodes) / 2;
    }
    tally_csr_close(&edges);
    return status;
}

static tally_status read_labels(tally_graph *g, const tally_npz *z)
{
    tally_npy a;
    bool found;

    TALLY_TRY(tally_npz_find(z, "labels", &a, &found));
    if (!found)
        return TALLY_FAIL(FORMAT, "%s holds no labels, expected one of each node",
                          z->name);
    if (a.dimensions != 1 || a.count != g->nodes)
        return TALLY_FAIL(FORMAT, "%s: %zu labels in %zu dimensions, expected %zu in 1",
                          z->name, a.count, a.dimensions, g->nodes);
    g->label = tally_allocate(g->nodes, sizeof *g->label);
    if (!g->label) return TALLY_FAIL(MEMORY, "no memory for %zu labels", g->nodes);
    for (size_t i = 0; i < g->nodes; i++) {
        int64_t value;

        TALLY_TRY(tally_npy_integer(&a, i, &value));
        if (value < 0 || (uint64_t)value >= g->nodes)
            return TALLY_FAIL(
                FORMAT,
                "%s: value %zu is %lld, expected a class from 0 and below "
                "the number of nodes, %zu",
                a.name, i, (long long)value, g->nodes);
        g->label[i] = (int32_t)value;
        if ((size_t)value >= g->classes) g->classes = (size_t)value + 1;
    }
    if (g->classes < 2)
        return TALLY_FAIL(FORMAT,
                          "%s: all nodes have the same label, expected two or "
                          "more classes",
                          a.name);
    return TALLY_OK;
}

tally_status tally_graph_parse(tally_graph *g, const tally_npz *z)
{
    *g = (tally_graph){0};
    TALLY_TRY(read_edges(g, z));
    TALLY_TRY(tally_csr_read(&g->features, z, "attr"));
    if (g->features.rows != g->nodes)
        return TALLY_FAIL(
            FORMAT,
            "%s: attr_shape has %zu rows, expected one of each of the %zu "
            "nodes",
            z->name, g->features.rows, g->nodes);
    TALLY_TRY(read_labels(g, z));
    return TALLY_OK;
}

void tally_graph_close(tally_graph *g)
{
    tally_csr_close(&g->s);
    tally_csr_close(&g->features);
    free(g->label);
    *g = (tally_graph){0};
}

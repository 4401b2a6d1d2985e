/* graph.c — nodes of a graph as samples: their features after 0, 1, ..., K hops.
 *
 *     graph:file=cora.npz,split=cora_split.npz,hops=4
 *
 *     sample v = [H; S H; ...; S^K H] at node v,   S = (D + I)^-1/2 (A + I) (D +
 * I)^-1/2
 *
 * The input of a graph-augmented MLP (arXiv:2105.09837): the whole graph propagates,
 * and then the labelled nodes are samples like any others.  It has validation rows of
 * its own.  propagate.c says what that costs; how much memory a graph takes is told
 * before training starts, and refused before anything is allocated when the machine has
 * less.
 */

#include "data/graph_cache.h"
#include "data/graph_parse.h"
#include "data/propagate.h"
#include "data/source.h"
#include "num/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

typedef struct graph_options {
    char *file, *split, *cache;
    uint64_t hops, memory, per_class, validate, test, seed;
    int features;
} graph_options;

static const tally_option options[] = {
    TALLY_OPTION(TEXT, graph_options, file, NULL, NULL,
                 "the graph, as an .npz of gnn-benchmark; required"),
    TALLY_OPTION(TEXT, graph_options, split, NULL, NULL,
                 "an .npz with train_idx, val_idx and test_idx; without it nodes are "
                 "drawn"),
    TALLY_OPTION(COUNT, graph_options, hops, "4", "[0, 64]",
                 "K: a sample is H, S H, ..., S^K H at its node"),
    TALLY_OPTION(CHOICE, graph_options, features, "raw", "raw|row",
                 "H as in the file, or each row divided by its Euclidean length"),
    TALLY_OPTION(COUNT, graph_options, memory, "512", "[0, 1e9]",
                 "MiB of rows kept ready, training rows first; others are made when "
                 "fetched"),
    TALLY_OPTION(
        TEXT, graph_options, cache, NULL, NULL,
        "a folder to keep propagated features in; without it they are made anew"),
    TALLY_OPTION(COUNT, graph_options, per_class, "20", "[1, 1e9]",
                 "without split: training nodes of each class"),
    TALLY_OPTION(COUNT, graph_options, validate, "1000", "[0, 1e9]",
                 "without split: validation nodes"),
    TALLY_OPTION(COUNT, graph_options, test, "1000", "[0, 1e9]",
                 "without split: test nodes"),
    TALLY_OPTION(COUNT, graph_options, seed, "1", NULL,
                 "without split: of the draw; the run has another for all else"),
    TALLY_END,
};

typedef struct samples {
    tally_graph graph;
    tally_graph_split split;
    tally_hops hops;
} samples;

/* ---- opening ---- */

static tally_status read_graph(samples *g, const graph_options *o, uint64_t *hash)
{
    tally_npz z = {0};

    if (!o->file || !*o->file)
        return TALLY_FAIL(OPTION, "data graph: file is required, such as "
                                  "graph:file=cora.npz,split=cora_split.npz");
    tally_status status = tally_npz_read(&z, o->file);
    if (!status) status = tally_graph_parse(&g->graph, &z);
    *hash = z.hash;
    tally_npz_close(&z);
    if (!status && o->features) tally_csr_scale_rows(&g->graph.features);
    return status;
}

static tally_status read_split(samples *g, const graph_options *o)
{
    tally_npz z = {0};

    if (!o->split)
        return tally_graph_split_random(&g->split, &g->graph, o->seed, o->per_class,
                                        o->validate, o->test);
    tally_status status = tally_npz_read(&z, o->split);
    if (!status) status = tally_graph_split_parse(&g->split, &z, &g->graph);
    tally_npz_close(&z);
    return status;
}

static const uint64_t mebi = UINT64_C(1) << 20;

/* How many rows are kept ready, and whether all that fits into the machine. */
static tally_status plan_memory(tally_hops *h, const graph_options *o, uint64_t *bytes)
{
    uint64_t columns = h->graph->features.columns, values = columns * (h->hops + 1);

    if (values > INT32_MAX)
        return TALLY_FAIL(OPTION,
                          "data graph: %llu features at %zu hops make %llu values a "
                          "sample, expected at most %d",
                          (unsigned long long)columns, h->hops,
                          (unsigned long long)values, INT32_MAX);
    uint64_t room = o->memory * mebi / (values * sizeof(tally_real));
    h->kept = room < h->count ? (size_t)room : h->count;
    *bytes = tally_hops_bytes(h);
    if (*bytes > tally_topology_memory())
        return TALLY_FAIL(MEMORY,
                          "data graph: %zu nodes with %zu features take %llu MiB, and "
                          "this machine has %llu",
                          h->graph->nodes, h->graph->features.columns,
                          (unsigned long long)(*bytes / mebi),
                          (unsigned long long)(tally_topology_memory() / mebi));
    return TALLY_OK;
}

static uint64_t hash_of(const samples *g, uint64_t file)
{
    const uint64_t facts[] = {
        file,
        XXH3_64bits(g->split.node, g->split.total * sizeof *g->split.node),
        g->split.count[TALLY_TRAIN],
        g->split.count[TALLY_VALIDATE],
        g->hops.hops,
        XXH3_64bits(g->graph.features.value,
                    g->graph.features.first[g->graph.nodes] * sizeof(tally_real))};

    return XXH3_64bits(facts, sizeof facts);
}

/* Reads the cache when there is one to read. */
static tally_status open_hops(samples *g, const graph_options *o, uint64_t hash,
                              char *said, size_t most)
{
    const uint64_t facts[] = {hash, g->hops.kept, sizeof(tally_real)};

    if (!o->cache) {
        TALLY_TRY(tally_hops_allocate(&g->hops));
        TALLY_TRY(tally_hops_compute(&g->hops));
        return TALLY_OK;
    }
    TALLY_TRY(tally_graph_cache_open(&g->hops, o->cache,
                                     XXH3_64bits(facts, sizeof facts), said, most));
    return TALLY_OK;
}

static void describe(tally_source *s, const samples *g, uint64_t bytes,
                     const char *said)
{
    snprintf(s->note, sizeof s->note,
             "%zu nodes, %zu edges; %zu of %zu rows of %zu features ready, %llu MiB on "
             "each rank at most%s%s",
             g->graph.nodes, g->graph.edges, g->hops.kept, g->hops.count, s->features,
             (unsigned long long)(bytes / mebi + 1), *said ? "; " : "", said);
}

static tally_status open(tally_source *s)
{
    const graph_options *o = s->options;
    samples *g = calloc(1, sizeof *g);
    uint64_t file = 0, bytes = 0;
    char said[sizeof s->note / 2] = "";

    s->inner = g;
    if (!g) return TALLY_FAIL(MEMORY, "no memory for a graph");
    TALLY_TRY(read_graph(g, o, &file));
    TALLY_TRY(read_split(g, o));
    g->hops = (tally_hops){.graph = &g->graph,
                           .node = g->split.node,
                           .count = g->split.total,
                           .hops = (size_t)o->hops};
    TALLY_TRY(plan_memory(&g->hops, o, &bytes));
    s->features = g->graph.features.columns * (g->hops.hops + 1);
    s->classes = g->graph.classes;
    s->train_count = g->split.count[TALLY_TRAIN];
    s->validate_count = g->split.count[TALLY_VALIDATE];
    s->test_count = g->split.count[TALLY_TEST];
    s->hash = hash_of(g, file);
    TALLY_TRY(open_hops(g, o, s->hash, said, sizeof said));
    describe(s, g, bytes, said);
    return TALLY_OK;
}

/* ---- rows ---- */

/* Where the rows of a split start among all. */
static size_t first_row(const samples *g, tally_split split)
{
    size_t first = 0;

    for (int before = 0; before < (int)split; before++)
        first += g->split.count[before];
    return first;
}

static tally_status fetch(const tally_source *s, tally_split split,
                          const uint64_t *rows, size_t n, tally_real *x, int32_t *label)
{
    const samples *g = s->inner;
    size_t first = first_row(g, split);

    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= g->split.count[split])
            return TALLY_FAIL(
                OPTION, "data graph: there is no row %llu, expected less than %zu",
                (unsigned long long)rows[i], g->split.count[split]);
        size_t row = first + (size_t)rows[i];

        tally_hops_row(&g->hops, row, x + i * s->features);
        label[i] = g->graph.label[g->split.node[row]];
    }
    return TALLY_OK;
}

static void close(tally_source *s)
{
    samples *g = s->inner;

    if (!g) return;
    tally_hops_close(&g->hops);
    tally_graph_split_close(&g->split);
    tally_graph_close(&g->graph);
    free(g);
    s->inner = NULL;
}

const tally_source_ops tally_source_graph = {
    .about = {.name = "graph",
              .brief = "nodes of a graph, with the features of their neighbourhoods",
              .paper = "arXiv:2105.09837",
              .options = options,
              .options_size = sizeof(graph_options)},
    .open = open,
    .fetch = fetch,
    .close = close,
};

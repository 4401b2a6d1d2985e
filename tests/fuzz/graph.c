/* graph.c — arrays of any values as a graph and its split, then propagated.
 *
 * Of each key in turn: a byte for the type, a byte for how many values, the values; a
 * type of 0 leaves the key out.  The archive around them is fuzzed by itself. */

#include "data/graph_parse.h"
#include "data/propagate.h"
#include "fuzz.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {
    "adj_data",     "adj_indices", "adj_indptr", "adj_shape", "attr_data",
    "attr_indices", "attr_indptr", "attr_shape", "labels",    "train_idx",
    "val_idx",      "test_idx",    "val_mask"};

enum { KEYS = sizeof keys / sizeof *keys };

static const struct type {
    const char *descr;
    size_t size;
} types[] = {
    {"|i1", 1},
    {"<i8", 8},
    {"<f4", 4},
    {"|u1", 1},
    {"<f2", 2},
    {"<i4", 4}
};

/* An array of `count` such values, as NumPy writes it; the caller frees it. */
static uint8_t *array_of(struct type t, const uint8_t *values, size_t count,
                         size_t *length)
{
    uint8_t *bytes = malloc(128 + count * t.size);
    char *header = (char *)bytes + 10;

    assert(bytes);
    int n = snprintf(header, 118,
                     "{'descr': '%s', 'fortran_order': False, 'shape': (%zu,)}\n",
                     t.descr, count);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (uint8_t)n;
    bytes[9] = 0;
    memcpy(bytes + 10 + n, values, count * t.size);
    *length = 10 + (size_t)n + count * t.size;
    return bytes;
}

/* Cuts the input into arrays; returns how many members there are. */
static size_t cut(const uint8_t *bytes, size_t count, char *name,
                  tally_npz_member *members)
{
    size_t n = 0;

    for (size_t key = 0; key < KEYS && count >= 2; key++) {
        struct type t = types[bytes[0] % (sizeof types / sizeof *types)];
        size_t values = bytes[0] ? bytes[1] : 0, most = (count - 2) / t.size;

        if (values > most) values = most;
        if (bytes[0]) {
            members[n] = (tally_npz_member){.name = name, .key = keys[key]};
            members[n].bytes = array_of(t, bytes + 2, values, &members[n].count);
            n++;
        }
        bytes += 2 + values * t.size;
        count -= 2 + values * t.size;
    }
    return n;
}

static void check_rows(const tally_graph *g, const tally_graph_split *p, size_t kept)
{
    tally_hops h = {
        .graph = g, .node = p->node, .count = p->total, .kept = kept, .hops = 3};
    size_t row = 4 * g->features.columns;
    tally_real *x = malloc(row * sizeof *x);

    assert(x && tally_hops_allocate(&h) == TALLY_OK);
    tally_status status = tally_hops_compute(&h);
    assert(status == TALLY_OK || status == TALLY_FORMAT);
    for (size_t i = 0; !status && i < h.count; i++) {
        tally_hops_row(&h, i, x);
        for (size_t c = 0; i < kept && c < row; c++)
            assert(isfinite(x[c]));
    }
    tally_hops_close(&h);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    tally_npz_member members[KEYS];
    char name[] = "input";
    tally_npz z = {.name = name, .members = members};
    tally_graph g = {0};
    tally_graph_split p = {0};

    z.count = cut(bytes, count, name, members);
    tally_status status = tally_graph_parse(&g, &z);
    if (!status) status = tally_graph_split_parse(&p, &z, &g);
    assert(status == TALLY_OK || status == TALLY_FORMAT);
    if (status) assert(*tally_error_sentence());
    if (!status && g.features.columns <= 1000) {
        check_rows(&g, &p, p.total);
        check_rows(&g, &p, p.total / 2);
    }
    tally_graph_split_close(&p);
    tally_graph_close(&g);
    for (size_t i = 0; i < z.count; i++)
        free(members[i].bytes);
    return 0;
}

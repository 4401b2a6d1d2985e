/* propagate.c — the features of a graph's nodes after 0, 1, ..., K hops.
 *
 *     row of node v = [H; S H; S^2 H; ...; S^K H] at v,    S symmetric
 *
 * Wang, Yu, Chai, Chen and Zhao, Toward Quantized Model Parallelism for Graph-Augmented
 * MLPs Based on Gradient-Free ADMM Framework, 2022, arXiv:2105.09837, section III,
 * where columns are nodes: H, H S, ..., H S^(K-1); Chen, Bian and Bruna, On Graph
 * Neural Networks versus Graph-Augmented MLPs, 2020, arXiv:2010.15116.
 *
 * All nodes propagate, 64 columns of H at a time; of the whole only what is asked for
 * is kept: the first `kept` rows.  For others S^m H with m = ceil(K / 2) is kept at all
 * nodes, and hops below m are summed from H, those above from it:
 *
 *     (S^k H)_v = sum over u of S_vu (S^(k-1) H)_u,    k - m or m deep at most
 *
 * Work: K nnz(S) columns multiply-adds once; then, of a row that is not kept, as many
 * paths as lead from its node in K - m hops, times columns.
 * Memory: kept (K + 1) columns, nodes × columns when not all are kept, and 2 × nodes ×
 * 64 while propagating.  The stack of the whole graph is never formed. */

#include "data/propagate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 64 }; /* columns at a time: a quarter of a page a node */

/* The columns [first, first + count) of H. */
typedef struct slab {
    size_t first, count;
} slab;

static uint64_t product(uint64_t a, uint64_t b)
{
    return b > 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t tally_hops_bytes(const tally_hops *h)
{
    uint64_t columns = h->graph->features.columns, nodes = h->graph->nodes;
    uint64_t values = product(h->kept, product(h->hops + 1, columns));

    if (h->kept < h->count) values = sum(values, product(nodes, columns));
    values = sum(values, product(nodes, 2 * WIDTH));
    uint64_t entries =
        h->graph->s.first[nodes] + h->graph->features.first[nodes] + 2 * nodes;
    return sum(product(values, sizeof(tally_real)),
               product(entries, sizeof(tally_real) + sizeof(uint32_t)));
}

/* x: nodes × WIDTH <- a slab of H.  next[v] is the entry of row v to go on with. */
static void spread(const tally_csr *features, slab s, size_t *next, tally_real *x)
{
    memset(x, 0, features->rows * WIDTH * sizeof *x);
    for (size_t v = 0; v < features->rows; v++) {
        size_t k = next[v];

        for (; k < features->first[v + 1] && features->column[k] < s.first + s.count;
             k++)
            x[v * WIDTH + features->column[k] - s.first] = features->value[k];
        next[v] = k;
    }
}

/* y <- S x, both nodes × WIDTH; false when a sum is not finite. */
static bool hop(const tally_csr *s, const tally_real *restrict x,
                tally_real *restrict y)
{
    tally_real broken = 0; /* 0 times what is not finite is not 0 */

    for (size_t v = 0; v < s->rows; v++) {
        tally_real *to = y + v * WIDTH;

        memset(to, 0, WIDTH * sizeof *to);
        for (size_t k = s->first[v]; k < s->first[v + 1]; k++) {
            const tally_real *from = x + (size_t)s->column[k] * WIDTH;

            for (size_t c = 0; c < WIDTH; c++)
                to[c] += s->value[k] * from[c];
        }
        for (size_t c = 0; c < WIDTH; c++)
            broken += 0 * to[c];
    }
    return isfinite(broken);
}

/* Keeps what is asked for of x = S^k H. */
static void keep(tally_hops *h, size_t k, slab s, const tally_real *x)
{
    size_t columns = h->graph->features.columns, row = (h->hops + 1) * columns;

    for (size_t i = 0; i < h->kept; i++)
        memcpy(h->rows + i * row + k * columns + s.first, x + h->node[i] * WIDTH,
               s.count * sizeof *x);
    if (!h->middle_rows || k != h->middle) return;
    for (size_t v = 0; v < h->graph->nodes; v++)
        memcpy(h->middle_rows + v * columns + s.first, x + v * WIDTH,
               s.count * sizeof *x);
}

/* x, y: nodes × WIDTH.  next: nodes + 1. */
static tally_status propagate(tally_hops *h, tally_real *x, tally_real *y, size_t *next)
{
    const tally_graph *g = h->graph;
    size_t columns = g->features.columns;

    memcpy(next, g->features.first, g->nodes * sizeof *next);
    for (slab s = {0}; s.first < columns; s.first += WIDTH) {
        s.count = columns - s.first < WIDTH ? columns - s.first : WIDTH;
        spread(&g->features, s, next, x);
        keep(h, 0, s, x);
        for (size_t k = 1; k <= h->hops; k++) {
            tally_real *swap = x;

            if (!hop(&g->s, x, y))
                return TALLY_FAIL(FORMAT,
                                  "data graph: features are too large: they overflow "
                                  "after %zu hops; expected features=row",
                                  k);
            x = y;
            y = swap;
            keep(h, k, s, x);
        }
    }
    return TALLY_OK;
}

size_t tally_hops_row_bytes(const tally_hops *h)
{
    return h->kept * (h->hops + 1) * h->graph->features.columns * sizeof *h->rows;
}

size_t tally_hops_middle_bytes(const tally_hops *h)
{
    if (h->kept == h->count) return 0;
    return h->graph->nodes * h->graph->features.columns * sizeof *h->middle_rows;
}

tally_status tally_hops_allocate(tally_hops *h)
{
    size_t middle = tally_hops_middle_bytes(h);

    h->middle = (h->hops + 1) / 2;
    h->rows = tally_allocate(tally_hops_row_bytes(h) + 1, 1);
    if (middle) h->middle_rows = tally_allocate(middle, 1);
    if (!h->rows || (middle && !h->middle_rows))
        return TALLY_FAIL(MEMORY, "no memory for %zu rows of %zu features", h->kept,
                          (h->hops + 1) * h->graph->features.columns);
    return TALLY_OK;
}

tally_status tally_hops_compute(tally_hops *h)
{
    size_t nodes = h->graph->nodes;
    tally_real *x = tally_allocate(nodes, WIDTH * sizeof *x);
    tally_real *y = tally_allocate(nodes, WIDTH * sizeof *y);
    size_t *next = tally_allocate(nodes, sizeof *next);
    tally_status status =
        x && y && next
            ? propagate(h, x, y, next)
            : TALLY_FAIL(MEMORY, "no memory to propagate over %zu nodes", nodes);

    free(x);
    free(y);
    free(next);
    return status;
}

void tally_hops_close(tally_hops *h)
{
    free(h->rows);
    free(h->middle_rows);
    *h = (tally_hops){0};
}

/* ---- rows that are not kept ---- */

/* x += factor times row v of H. */
static void add_sparse(const tally_csr *m, size_t v, tally_real factor, tally_real *x)
{
    for (size_t k = m->first[v]; k < m->first[v + 1]; k++)
        x[m->column[k]] += factor * m->value[k];
}

static void add_dense(const tally_real *restrict row, size_t columns, tally_real factor,
                      tally_real *restrict x)
{
    for (size_t c = 0; c < columns; c++)
        x[c] += factor * row[c];
}

/* x += factor times row v of S^depth M; M is the middle, or H. */
static void add_paths(const tally_hops *h, size_t depth, bool middle, size_t v,
                      tally_real factor, tally_real *x)
{
    const tally_csr *s = &h->graph->s, *features = &h->graph->features;

    if (depth == 0 && middle)
        add_dense(h->middle_rows + v * features->columns, features->columns, factor, x);
    else if (depth == 0)
        add_sparse(features, v, factor, x);
    for (size_t k = s->first[v]; depth > 0 && k < s->first[v + 1]; k++)
        add_paths(h, depth - 1, middle, s->column[k], factor * s->value[k], x);
}

void tally_hops_row(const tally_hops *h, size_t i, tally_real *x)
{
    size_t columns = h->graph->features.columns, row = (h->hops + 1) * columns;

    if (i < h->kept) {
        memcpy(x, h->rows + i * row, row * sizeof *x);
        return;
    }
    memset(x, 0, row * sizeof *x);
    for (size_t k = 0; k <= h->hops; k++) {
        bool middle = k >= h->middle;

        add_paths(h, middle ? k - h->middle : k, middle, h->node[i], 1,
                  x + k * columns);
    }
}

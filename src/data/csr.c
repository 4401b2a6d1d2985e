/* csr.c — a matrix by its entries, row by row (compressed sparse rows).
 *
 *     renormalised:  S = (D + I)^-1/2 (A + I) (D + I)^-1/2,   D = diag(A 1)
 *
 * Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks,
 * 2016, arXiv:1609.02907, section 2.2.  A is taken symmetric, 0 or 1, without loops: an
 * edge that is given in one direction counts in both, and a loop that is given is the
 * one of I.  A node alone keeps its features: D + I is 1 there. */

#include "data/csr.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tally_status tally_csr_open(tally_csr *m, size_t rows, size_t columns, size_t entries)
{
    *m = (tally_csr){.rows = rows,
                     .columns = columns,
                     .first = tally_allocate(rows + 1, sizeof *m->first),
                     .column = tally_allocate(entries + 1, sizeof *m->column),
                     .value = tally_allocate(entries + 1, sizeof *m->value)};
    if (!m->first || !m->column || !m->value)
        return TALLY_FAIL(MEMORY, "no memory for %zu entries in %zu rows", entries,
                          rows);
    m->first[rows] = entries;
    return TALLY_OK;
}

void tally_csr_close(tally_csr *m)
{
    free(m->first);
    free(m->column);
    free(m->value);
    *m = (tally_csr){0};
}

/* ---- reading ---- */

enum { DATA, INDICES, INDPTR, SHAPE, PARTS };

static tally_status find_parts(const tally_npz *z, const char *prefix,
                               tally_npy part[PARTS])
{
    static const char *const names[PARTS] = {"data", "indices", "indptr", "shape"};

    for (int i = 0; i < PARTS; i++) {
        char key[64];
        bool found;

        snprintf(key, sizeof key, "%s_%s", prefix, names[i]);
        TALLY_TRY(tally_npz_find(z, key, &part[i], &found));
        if (!found)
            return TALLY_FAIL(FORMAT,
                              "%s holds no %s; expected a graph as in gnn-benchmark, "
                              "adj_* and attr_* as sparse rows and labels",
                              z->name, key);
        if (part[i].dimensions != 1)
            return TALLY_FAIL(FORMAT, "%s has %zu dimensions, expected 1", part[i].name,
                              part[i].dimensions);
    }
    return TALLY_OK;
}

static tally_status read_shape(const tally_npy part[PARTS], tally_csr *m)
{
    const tally_npy *shape = &part[SHAPE];
    int64_t rows, columns;

    if (shape->count != 2)
        return TALLY_FAIL(FORMAT, "%s has %zu values, expected rows and columns",
                          shape->name, shape->count);
    TALLY_TRY(tally_npy_integer(shape, 0, &rows));
    TALLY_TRY(tally_npy_integer(shape, 1, &columns));
    if (rows < 1 || columns < 1 || rows > INT32_MAX || columns > INT32_MAX)
        return TALLY_FAIL(FORMAT, "%s is %lld x %lld, expected 1 to %d each",
                          shape->name, (long long)rows, (long long)columns, INT32_MAX);
    m->rows = (size_t)rows;
    m->columns = (size_t)columns;
    if (part[INDPTR].count != m->rows + 1)
        return TALLY_FAIL(FORMAT, "%s has %zu values, expected %zu, one more than rows",
                          part[INDPTR].name, part[INDPTR].count, m->rows + 1);
    if (part[INDICES].count != part[DATA].count)
        return TALLY_FAIL(FORMAT, "%s has %zu values, expected %zu as the data",
                          part[INDICES].name, part[INDICES].count, part[DATA].count);
    return TALLY_OK;
}

/* From 0 to the number of entries, never down. */
static tally_status read_rows(const tally_npy *a, tally_csr *m, size_t entries)
{
    int64_t before = 0;

    for (size_t i = 0; i <= m->rows; i++) {
        int64_t value;

        TALLY_TRY(tally_npy_integer(a, i, &value));
        if (value < before || (uint64_t)value > entries || (i == 0 && value != 0) ||
            (i == m->rows && (uint64_t)value != entries))
            return TALLY_FAIL(FORMAT,
                              "%s: value %zu is %lld, expected to ascend from 0 to %zu",
                              a->name, i, (long long)value, entries);
        m->first[i] = (size_t)value;
        before = value;
    }
    return TALLY_OK;
}

static tally_status read_columns(const tally_npy *a, tally_csr *m)
{
    for (size_t i = 0; i < m->rows; i++) {
        int64_t before = -1;

        for (size_t k = m->first[i]; k < m->first[i + 1]; k++) {
            int64_t value;

            TALLY_TRY(tally_npy_integer(a, k, &value));
            if (value <= before || value >= (int64_t)m->columns)
                return TALLY_FAIL(FORMAT,
                                  "%s: value %zu, in row %zu, is %lld; expected above "
                                  "%lld, the one before, and below %zu",
                                  a->name, k, i, (long long)value, (long long)before,
                                  m->columns);
            m->column[k] = (uint32_t)value;
            before = value;
        }
    }
    return TALLY_OK;
}

static tally_status read_values(const tally_npy *a, tally_csr *m)
{
    for (size_t k = 0; k < a->count; k++) {
        m->value[k] = (tally_real)tally_npy_real(a, k);
        if (!isfinite(m->value[k]))
            return TALLY_FAIL(FORMAT, "%s: value %zu is %g, expected a finite number",
                              a->name, k, tally_npy_real(a, k));
    }
    return TALLY_OK;
}

tally_status tally_csr_read(tally_csr *m, const tally_npz *z, const char *prefix)
{
    tally_npy part[PARTS];
    tally_csr shape = {0};

    *m = (tally_csr){0};
    TALLY_TRY(find_parts(z, prefix, part));
    TALLY_TRY(read_shape(part, &shape));
    size_t entries = part[DATA].count;
    TALLY_TRY(tally_csr_open(m, shape.rows, shape.columns, entries));
    TALLY_TRY(read_rows(&part[INDPTR], m, entries));
    TALLY_TRY(read_columns(&part[INDICES], m));
    TALLY_TRY(read_values(&part[DATA], m));
    return TALLY_OK;
}

/* ---- the renormalised adjacency ---- */

/* The columns of the transpose, row by row; values are left 0. */
static tally_status transpose(tally_csr *t, const tally_csr *m)
{
    size_t entries = m->first[m->rows];

    TALLY_TRY(tally_csr_open(t, m->columns, m->rows, entries));
    size_t *end = t->first;
    end[t->rows] = 0;
    for (size_t k = 0; k < entries; k++)
        end[m->column[k] + 1]++;
    for (size_t i = 0; i < t->rows; i++)
        end[i + 1] += end[i];
    /* Row i is filled from first[i], which so becomes its end, the first of i + 1. */
    for (size_t i = 0; i < m->rows; i++)
        for (size_t k = m->first[i]; k < m->first[i + 1]; k++)
            t->column[end[m->column[k]]++] = (uint32_t)i;
    memmove(end + 1, end, t->rows * sizeof *end);
    end[0] = 0;
    return TALLY_OK;
}

/* Writes the sorted union of row i of a, of b, and i itself; returns how many.  out may
 * be NULL. */
static size_t unite(const tally_csr *a, const tally_csr *b, size_t i, uint32_t *out)
{
    size_t p = a->first[i], q = b->first[i], count = 0;
    bool self = true;

    while (p < a->first[i + 1] || q < b->first[i + 1] || self) {
        uint32_t least = self ? (uint32_t)i : UINT32_MAX;

        if (p < a->first[i + 1] && a->column[p] < least) least = a->column[p];
        if (q < b->first[i + 1] && b->column[q] < least) least = b->column[q];
        if (p < a->first[i + 1] && a->column[p] == least) p++;
        if (q < b->first[i + 1] && b->column[q] == least) q++;
        if (least == i) self = false;
        if (out) out[count] = least;
        count++;
    }
    return count;
}

static tally_status fill_renormalised(tally_csr *s, const tally_csr *edges,
                                      const tally_csr *back)
{
    size_t entries = 0, n = edges->rows;

    for (size_t i = 0; i < n; i++)
        entries += unite(edges, back, i, NULL);
    TALLY_TRY(tally_csr_open(s, n, n, entries));
    for (size_t i = 0; i < n; i++)
        s->first[i + 1] = s->first[i] + unite(edges, back, i, s->column + s->first[i]);
    for (size_t i = 0; i < n; i++)
        for (size_t k = s->first[i]; k < s->first[i + 1]; k++) {
            size_t j = s->column[k];
            double product = (double)(s->first[i + 1] - s->first[i]) *
                             (double)(s->first[j + 1] - s->first[j]);

            s->value[k] = (tally_real)(1 / sqrt(product));
        }
    return TALLY_OK;
}

tally_status tally_csr_renormalise(tally_csr *s, const tally_csr *edges)
{
    tally_csr back = {0};

    *s = (tally_csr){0};
    tally_status status = transpose(&back, edges);
    if (!status) status = fill_renormalised(s, edges, &back);
    tally_csr_close(&back);
    TALLY_TRY(status);
    return TALLY_OK;
}

void tally_csr_scale_rows(tally_csr *m)
{
    for (size_t i = 0; i < m->rows; i++) {
        double squares = 0;

        for (size_t k = m->first[i]; k < m->first[i + 1]; k++)
            squares += (double)m->value[k] * (double)m->value[k];
        for (size_t k = m->first[i]; squares > 0 && k < m->first[i + 1]; k++)
            m->value[k] = (tally_real)((double)m->value[k] / sqrt(squares));
    }
}

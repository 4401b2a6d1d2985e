/* propagate.h — the features of a graph's nodes after 0, 1, ..., K hops. */

#ifndef TALLY_DATA_PROPAGATE_H
#define TALLY_DATA_PROPAGATE_H

#include "data/graph_parse.h"

typedef struct tally_hops {
    const tally_graph *graph; /* borrowed */
    const uint32_t *node;     /* borrowed: of each row */
    size_t count, kept;       /* rows in all; those that are ready */
    size_t hops, middle;      /* K, and the hop of `middle_rows` */
    tally_real *rows;         /* owned: kept × (K + 1) columns */
    tally_real *middle_rows;  /* owned: nodes × columns; NULL when all are kept */
} tally_hops;

/* What h and its graph hold, and what propagating takes besides, in bytes; UINT64_MAX
 * when that is more than can be counted.  Set graph, node, count, hops and kept before.
 */
uint64_t tally_hops_bytes(const tally_hops *h);

/* Allocates, zeroed; h must be closed also after a failure.  TALLY_MEMORY. */
tally_status tally_hops_allocate(tally_hops *h);

/* Fills what was allocated.  Returns TALLY_MEMORY, or TALLY_FORMAT when a feature grows
 * beyond all numbers.  Local. */
tally_status tally_hops_compute(tally_hops *h);
void tally_hops_close(tally_hops *h);

/* Bytes at h->rows and h->middle_rows. */
size_t tally_hops_row_bytes(const tally_hops *h);
size_t tally_hops_middle_bytes(const tally_hops *h);

/* x <- row i < count: (K + 1) blocks of `columns` values.  Any thread may call. */
void tally_hops_row(const tally_hops *h, size_t i, tally_real *x);

#endif

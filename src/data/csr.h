/* csr.h — a matrix by its entries, row by row. */

#ifndef TALLY_DATA_CSR_H
#define TALLY_DATA_CSR_H

#include "tally/layout.h"

#include "data/npz.h"

/* Row i has the entries [first[i], first[i + 1]); columns ascend in a row.  All owned.
 */
typedef struct tally_csr {
    size_t rows, columns;
    size_t *first;    /* rows + 1 of them */
    uint32_t *column; /* of entry k */
    tally_real *value;
} tally_csr;

/* m <- the matrix under the keys PREFIX_data, _indices, _indptr and _shape, every index
 * checked; m must be closed also after a failure.  Returns TALLY_FORMAT or
 * TALLY_MEMORY.
 */
tally_status tally_csr_read(tally_csr *m, const tally_npz *z, const char *prefix);

/* Zeroed room for so many entries; `first` ends with that count.  TALLY_MEMORY. */
tally_status tally_csr_open(tally_csr *m, size_t rows, size_t columns, size_t entries);
void tally_csr_close(tally_csr *m);

/* s <- (D + I)^-1/2 (A + I) (D + I)^-1/2, where A is 1 wherever `edges` or its
 * transpose has an entry off the diagonal, and D holds the row sums of A.  edges is
 * square. */
tally_status tally_csr_renormalise(tally_csr *s, const tally_csr *edges);

/* Divides each row by its Euclidean length; rows of zeros stay. */
void tally_csr_scale_rows(tally_csr *m);

#endif

/* gemm.h — the products of matrices that layers need, row-major. */

#ifndef TALLY_NUM_GEMM_H
#define TALLY_NUM_GEMM_H

#include "tally/layout.h"

/* The result is rows × columns; inner is the length of the sums.  None is above
 * INT_MAX. */
typedef struct tally_product {
    size_t rows, columns, inner;
} tally_product;

/* c <- a b^T (+ c when add).  a: rows × inner.  b: columns × inner.  c is neither. */
void tally_gemm_nt(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c);

/* c <- a b (+ c when add).  a: rows × inner.  b: inner × columns. */
void tally_gemm_nn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c);

/* c <- a^T b (+ c when add).  a: inner × rows.  b: inner × columns. */
void tally_gemm_tn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c);

/* From now on products of this process use so many threads, at least one. */
void tally_gemm_threads(size_t threads);

#endif

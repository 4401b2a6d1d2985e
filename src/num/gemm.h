/* gemm.h — the products of matrices that layers need, row-major.
 *
 * Which library computes one is a function of its shape, of the libraries compiled in
 * and of the processor, never of a clock: the same product has the same bits every
 * time. */

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

/* From now on products of this process that are worth it use so many threads, at least
 * one and at most 256. */
void tally_gemm_threads(size_t threads);

/* Writes one line such as "OpenBLAS 0.3.21 (Haswell), oneDNN 2.6.3 (AVX-512)" into
 * text, always terminated: the libraries that compute products here, and what they run
 * on.  False when it was cut short. */
bool tally_gemm_describe(char *text, size_t most);

/* The kernels that OpenBLAS has picked for this processor: "Haswell". */
const char *tally_gemm_core(void);

/* Whether products leave the processor's AVX-512 idle: those kernels are of an older
 * processor, and oneDNN does not compute the large ones. */
bool tally_gemm_lags(void);

/* ---- for tests: one way at a time ---- */

typedef enum tally_turn { TALLY_NT, TALLY_NN, TALLY_TN } tally_turn;

/* OpenBLAS; oneDNN's sgemm; oneDNN's matmul, a primitive compiled for one shape. */
typedef enum tally_way { TALLY_BLAS, TALLY_SGEMM, TALLY_MATMUL } tally_way;

/* The way of a product, by the table. */
tally_way tally_gemm_way(tally_turn turn, tally_product p);

/* c <- a b (+ c when add), a or b turned: each with the length of its rows in memory.
 */
typedef struct tally_gemm {
    tally_turn turn;
    tally_product p;
    const tally_real *a, *b;
    tally_real *c;
    size_t row_a, row_b, row_c;
    bool add;
} tally_gemm;

/* A product whose factors and result lie close. */
tally_gemm tally_gemm_of(tally_turn turn, tally_product p, const tally_real *a,
                         const tally_real *b, tally_real *c);

/* Computes it by this way, in one thread; by OpenBLAS if the way fails or is not there:
 * false. */
bool tally_gemm_by(tally_way way, const tally_gemm *g);

#endif

/* gemm.c — the products of matrices that layers need, over OpenBLAS.
 *
 * The only file that knows a BLAS.  Without `add` the old c is never read, so it may
 * hold anything, NaN included.  Bits depend on the number of threads and on the kernel
 * that OpenBLAS picks for the processor. */

#include "num/gemm.h"

#include <cblas.h>

#include <assert.h>
#include <limits.h>

/* a and b with their leading dimensions: the lengths of their rows in memory. */
static void multiply(tally_product p, enum CBLAS_TRANSPOSE turn_a,
                     enum CBLAS_TRANSPOSE turn_b, const tally_real *const factors[2],
                     bool add, tally_real *c)
{
    assert(p.rows <= INT_MAX && p.columns <= INT_MAX && p.inner <= INT_MAX);
    if (p.rows == 0 || p.columns == 0) return;
    int rows = (int)p.rows, columns = (int)p.columns, inner = (int)p.inner;
    int long_inner = inner > 0 ? inner : 1; /* BLAS refuses rows of length 0 */
    int row_a = turn_a == CblasTrans ? rows : long_inner;
    int row_b = turn_b == CblasTrans ? long_inner : columns;
    tally_real beta = add ? 1 : 0;

#ifdef TALLY_DOUBLE
    cblas_dgemm(CblasRowMajor, turn_a, turn_b, rows, columns, inner, 1, factors[0],
                row_a, factors[1], row_b, beta, c, columns);
#else
    cblas_sgemm(CblasRowMajor, turn_a, turn_b, rows, columns, inner, 1, factors[0],
                row_a, factors[1], row_b, beta, c, columns);
#endif
}

void tally_gemm_nt(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    multiply(p, CblasNoTrans, CblasTrans, (const tally_real *const[]){a, b}, add, c);
}

void tally_gemm_nn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    multiply(p, CblasNoTrans, CblasNoTrans, (const tally_real *const[]){a, b}, add, c);
}

void tally_gemm_tn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    multiply(p, CblasTrans, CblasNoTrans, (const tally_real *const[]){a, b}, add, c);
}

void tally_gemm_threads(size_t threads)
{
    size_t wanted = threads < 1 ? 1 : threads > INT_MAX ? INT_MAX : threads;

    openblas_set_num_threads((int)wanted);
}

/* gemm.c — the products of matrices that layers need, by OpenBLAS and oneDNN.
 *
 * A table says which of them computes a shape.  It was measured with one thread on
 * processors with AVX-512, against OpenBLAS 0.3.21: oneDNN 2.6.3 is 1.05 to 1.3 times
 * as fast where OpenBLAS knows the processor, on all shapes of an MLP at batch 128,
 * and 1.9 to 2.2 times where it does not and takes its AVX2 kernels (AMD's Zen 5).
 * Without AVX-512, in double, or when oneDNN is not compiled in, all is OpenBLAS.
 *
 * Without `add` the old c is never read, so it may hold anything, NaN included.  Bits
 * depend on the library, on the kernel it picks for the processor, and on the number of
 * threads. */

#include "num/gemm.h"

#include "num/onednn.h"

#include <cblas.h>

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A row holds for products of its turn with at most so many rows, terms in a sum, and
 * terms in all. */
typedef struct choice {
    int turn; /* tally_turn, or ANY */
    size_t rows, inner;
    double terms;
    tally_way way;
} choice;

enum { ANY = -1 };

#define MANY SIZE_MAX

/* The first row that holds decides. */
static const choice table[] = {
    {ANY,      MANY, MANY, 1 << 14,  TALLY_BLAS  }, /* a call of oneDNN costs more */
    {TALLY_NT, 15,   MANY, HUGE_VAL, TALLY_SGEMM },
    {TALLY_NT, MANY, MANY, HUGE_VAL, TALLY_MATMUL},
    {TALLY_NN, MANY, 63,   HUGE_VAL, TALLY_MATMUL},
    {TALLY_NN, MANY, MANY, HUGE_VAL, TALLY_SGEMM },
    {TALLY_TN, MANY, MANY, HUGE_VAL, TALLY_SGEMM },
};

/* a and b with their leading dimensions: the lengths of their rows in memory. */
static void by_blas(tally_turn turn, tally_product p,
                    const tally_real *const factors[2], bool add, tally_real *c)
{
    int rows = (int)p.rows, columns = (int)p.columns, inner = (int)p.inner;
    int long_inner = inner > 0 ? inner : 1; /* BLAS refuses rows of length 0 */
    enum CBLAS_TRANSPOSE turn_a = turn == TALLY_TN ? CblasTrans : CblasNoTrans;
    enum CBLAS_TRANSPOSE turn_b = turn == TALLY_NT ? CblasTrans : CblasNoTrans;
    int row_a = turn == TALLY_TN ? rows : long_inner;
    int row_b = turn == TALLY_NT ? long_inner : columns;
    tally_real beta = add ? 1 : 0;

    if (rows == 0 || columns == 0) return;
#ifdef TALLY_DOUBLE
    cblas_dgemm(CblasRowMajor, turn_a, turn_b, rows, columns, inner, 1, factors[0],
                row_a, factors[1], row_b, beta, c, columns);
#else
    cblas_sgemm(CblasRowMajor, turn_a, turn_b, rows, columns, inner, 1, factors[0],
                row_a, factors[1], row_b, beta, c, columns);
#endif
}

tally_way tally_gemm_way(tally_turn turn, tally_product p)
{
    double terms = (double)p.rows * (double)p.columns * (double)p.inner;
    const choice *row = table;

    if (!tally_onednn_pays()) return TALLY_BLAS;
    while ((row->turn != ANY && row->turn != (int)turn) || p.rows > row->rows ||
           p.inner > row->inner || terms > row->terms)
        row++;
    return row->way;
}

bool tally_gemm_by(tally_way way, tally_turn turn, tally_product p,
                   const tally_real *const factors[2], bool add, tally_real *c)
{
    bool done = false;

    assert(p.rows <= INT_MAX && p.columns <= INT_MAX && p.inner <= INT_MAX);
    if (way == TALLY_SGEMM) done = tally_onednn_sgemm(turn, p, factors, add, c);
    if (way == TALLY_MATMUL) done = tally_onednn_matmul(turn, p, factors, add, c);
    if (!done) by_blas(turn, p, factors, add, c);
    return done || way == TALLY_BLAS;
}

static void multiply(tally_turn turn, tally_product p, const tally_real *a,
                     const tally_real *b, bool add, tally_real *c)
{
    tally_gemm_by(tally_gemm_way(turn, p), turn, p, (const tally_real *const[]){a, b},
                  add, c);
}

void tally_gemm_nt(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    multiply(TALLY_NT, p, a, b, add, c);
}

void tally_gemm_nn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    multiply(TALLY_NN, p, a, b, add, c);
}

void tally_gemm_tn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    multiply(TALLY_TN, p, a, b, add, c);
}

void tally_gemm_threads(size_t threads)
{
    size_t wanted = threads < 1 ? 1 : threads > INT_MAX ? INT_MAX : threads;

    openblas_set_num_threads((int)wanted);
}

bool tally_gemm_describe(char *text, size_t most)
{
    char version[32], onednn[64] = "";
    const char *blas = openblas_get_config(); /* "OpenBLAS 0.3.21 NO_LAPACKE ..." */
    int words = (int)strcspn(blas, " ");

    words += 1 + (int)strcspn(blas + words + 1, " ");
    tally_onednn_version(version, sizeof version);
    if (version[0])
        snprintf(onednn, sizeof onednn, ", oneDNN %s (%s)", version,
                 tally_onednn_pays() ? "AVX-512" : "idle: no AVX-512");
    int length = snprintf(text, most, "%.*s (%s)%s", words, blas,
                          openblas_get_corename(), onednn);

    return length >= 0 && (size_t)length < most;
}

/* gemm.c — the products of matrices that layers need, by OpenBLAS and oneDNN.
 *
 * A table says which of them computes a shape.  It was measured with one thread on
 * processors with AVX-512, at batch 128: where OpenBLAS 0.3.21 does not know the
 * processor and takes its AVX2 kernels (AMD's Zen 5), oneDNN 2.6.3 is about twice as
 * fast; where it does, from 0.95 to 1.3 times on the shapes of an MLP's hidden layers.
 * Without AVX-512, in double, or when oneDNN is not compiled in, all is OpenBLAS.
 *
 * Without `add` the old c is never read, so it may hold anything, NaN included.  Bits
 * depend on the library, on the kernel it picks for the processor, and on the number of
 * threads. */

#include "num/gemm.h"

#include "num/isa.h"
#include "num/onednn.h"
#include "num/team.h"

#include <cblas.h>

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Stripes are of so many rows or columns, or a multiple, and products of fewer terms
 * (10 us) are left whole: a thread takes a few microseconds to wake. */
enum { STRIPE = 64, WORTH_SHARING = 1 << 20 };

static atomic_size_t wanted = 1; /* threads */

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

static void by_blas(const tally_gemm *g)
{
    int rows = (int)g->p.rows, columns = (int)g->p.columns, inner = (int)g->p.inner;
    enum CBLAS_TRANSPOSE turn_a = g->turn == TALLY_TN ? CblasTrans : CblasNoTrans;
    enum CBLAS_TRANSPOSE turn_b = g->turn == TALLY_NT ? CblasTrans : CblasNoTrans;
    int row_a = (int)g->row_a, row_b = (int)g->row_b, row_c = (int)g->row_c;
    tally_real beta = g->add ? 1 : 0;

    if (rows == 0 || columns == 0) return;
#ifdef TALLY_DOUBLE
    cblas_dgemm(CblasRowMajor, turn_a, turn_b, rows, columns, inner, 1, g->a, row_a,
                g->b, row_b, beta, g->c, row_c);
#else
    cblas_sgemm(CblasRowMajor, turn_a, turn_b, rows, columns, inner, 1, g->a, row_a,
                g->b, row_b, beta, g->c, row_c);
#endif
}

static double count_terms(tally_product p)
{
    return (double)p.rows * (double)p.columns * (double)p.inner;
}

tally_way tally_gemm_way(tally_turn turn, tally_product p)
{
    double terms = count_terms(p);
    const choice *row = table;

    if (!tally_onednn_pays()) return TALLY_BLAS;
    while ((row->turn != ANY && row->turn != (int)turn) || p.rows > row->rows ||
           p.inner > row->inner || terms > row->terms)
        row++;
    return row->way;
}

static size_t at_least_1(size_t n)
{
    return n > 0 ? n : 1; /* BLAS refuses rows of length 0 */
}

tally_gemm tally_gemm_of(tally_turn turn, tally_product p, const tally_real *a,
                         const tally_real *b, tally_real *c)
{
    return (tally_gemm){.turn = turn,
                        .p = p,
                        .a = a,
                        .b = b,
                        .c = c,
                        .row_a = at_least_1(turn == TALLY_TN ? p.rows : p.inner),
                        .row_b = at_least_1(turn == TALLY_NT ? p.inner : p.columns),
                        .row_c = at_least_1(p.columns)};
}

bool tally_gemm_by(tally_way way, const tally_gemm *g)
{
    bool done = false;

    assert(g->p.rows <= INT_MAX && g->p.columns <= INT_MAX && g->p.inner <= INT_MAX);
    if (way == TALLY_SGEMM) done = tally_onednn_sgemm(g);
    if (way == TALLY_MATMUL) done = tally_onednn_matmul(g);
    if (!done) by_blas(g);
    return done || way == TALLY_BLAS;
}

/* A product cut into stripes of whole rows or columns of c, one for each thread. */
typedef struct cut {
    tally_way way;
    tally_gemm whole;
    bool by_rows;
    size_t each; /* rows or columns of a stripe; the last has what is left */
} cut;

static void multiply_stripe(void *context, size_t part)
{
    const cut *k = context;
    tally_gemm g = k->whole;
    size_t *count = k->by_rows ? &g.p.rows : &g.p.columns;
    size_t first = part * k->each, left = *count - first;

    *count = left < k->each ? left : k->each;
    if (k->by_rows) {
        g.a += first * (g.turn == TALLY_TN ? 1 : g.row_a);
        g.c += first * g.row_c;
    } else {
        g.b += first * (g.turn == TALLY_NT ? g.row_b : 1);
        g.c += first;
    }
    tally_gemm_by(k->way, &g);
}

static void multiply(const tally_gemm *g)
{
    cut k = {tally_gemm_way(g->turn, g->p), *g, g->p.rows > g->p.columns, 0};
    size_t length = k.by_rows ? g->p.rows : g->p.columns;
    size_t threads = count_terms(g->p) < WORTH_SHARING ? 1 : atomic_load(&wanted);

    k.each = (length + threads - 1) / threads;
    k.each = (k.each + STRIPE - 1) / STRIPE * STRIPE;
    if (k.each < length)
        tally_team_share((length + k.each - 1) / k.each, multiply_stripe, &k);
    else
        tally_gemm_by(k.way, g);
}

void tally_gemm_nt(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    tally_gemm g = tally_gemm_of(TALLY_NT, p, a, b, c);

    g.add = add;
    multiply(&g);
}

void tally_gemm_nn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    tally_gemm g = tally_gemm_of(TALLY_NN, p, a, b, c);

    g.add = add;
    multiply(&g);
}

void tally_gemm_tn(tally_product p, const tally_real *a, const tally_real *b, bool add,
                   tally_real *c)
{
    tally_gemm g = tally_gemm_of(TALLY_TN, p, a, b, c);

    g.add = add;
    multiply(&g);
}

/* OpenBLAS's own threads would spin against those of the team. */
void tally_gemm_threads(size_t threads)
{
    size_t most = threads < TALLY_TEAM_MOST ? threads : TALLY_TEAM_MOST;

    atomic_store(&wanted, at_least_1(most));
    openblas_set_num_threads(1);
}

const char *tally_gemm_core(void)
{
    return openblas_get_corename();
}

bool tally_gemm_lags(void)
{
    static const char *const wide[] = {"SkylakeX", "Cooperlake", "Sapphirerapids"};

    if (tally_isa_best() < TALLY_AVX512 || tally_onednn_pays()) return false;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strcasecmp(tally_gemm_core(), wide[i]) == 0) return false;
    return true;
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
    int length =
        snprintf(text, most, "%.*s (%s)%s", words, blas, tally_gemm_core(), onednn);

    return length >= 0 && (size_t)length < most;
}

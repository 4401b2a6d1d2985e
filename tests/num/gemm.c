#include "num/gemm.h"

#include "support/arrays.h"
#include "support/expect.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double at_a(tally_turn t, tally_product p, const tally_real *a, size_t i,
                   size_t k)
{
    return (double)(t == TALLY_TN ? a[k * p.rows + i] : a[i * p.inner + k]);
}

static double at_b(tally_turn t, tally_product p, const tally_real *b, size_t j,
                   size_t k)
{
    return (double)(t == TALLY_NT ? b[j * p.inner + k] : b[k * p.columns + j]);
}

/* What computes a product: a way, or the functions that layers call. */
enum { BY_TABLE = TALLY_MATMUL + 1 };

static void multiply(int way, tally_turn t, tally_product p,
                     const tally_real *const factors[2], bool add, tally_real *c)
{
    tally_gemm g = tally_gemm_of(t, p, factors[0], factors[1], c);

    g.add = add;
    if (way != BY_TABLE)
        tally_gemm_by((tally_way)way, &g);
    else if (t == TALLY_NT)
        tally_gemm_nt(p, factors[0], factors[1], add, c);
    else if (t == TALLY_NN)
        tally_gemm_nn(p, factors[0], factors[1], add, c);
    else
        tally_gemm_tn(p, factors[0], factors[1], add, c);
}

/* All factors are at most 1, so a sum of k products, each rounded once and added with
 * one rounding of a partial sum below k + 1, is off by at most (k + 1)^2 epsilons. */
static void check(int way, tally_turn t, tally_product p, bool add)
{
    tally_real *a = random_reals(1, p.rows * p.inner);
    tally_real *b = random_reals(2, p.columns * p.inner);
    tally_real *c = random_reals(3, p.rows * p.columns);
    double *want = calloc(p.rows * p.columns + 1, sizeof *want);
    double k1 = (double)p.inner + 1;
    char what[96];

    for (size_t i = 0; i < p.rows; i++)
        for (size_t j = 0; j < p.columns; j++) {
            double *sum = &want[i * p.columns + j];

            if (add) *sum = (double)c[i * p.columns + j];
            for (size_t k = 0; k < p.inner; k++)
                *sum += at_a(t, p, a, i, k) * at_b(t, p, b, j, k);
            if (!add) c[i * p.columns + j] = (tally_real)NAN;
        }
    multiply(way, t, p, (const tally_real *const[]){a, b}, add, c);
    snprintf(what, sizeof what, "way %d, turn %d, %zu x %zu x %zu, c", way, (int)t,
             p.rows, p.columns, p.inner);
    expect_near(what, c, want, p.rows * p.columns, k1 * k1 * REAL_EPSILON);
    free(a);
    free(b);
    free(c);
    free(want);
}

static const tally_product shapes[] = {
    {1,   1,   1  },
    {3,   5,   7  },
    {5,   3,   1  },
    {1,   17,  33 },
    {33,  10,  64 },
    {4,   6,   0  },
    {0,   6,   4  },
    {6,   0,   4  },
    {17,  15,  16 },
    {31,  97,  63 },
    {16,  33,  129},
    {1,   130, 257},
    {129, 1,   131},
    {64,  65,  66 },
    {128, 10,  512},
    {10,  96,  128},
    {127, 200, 10 },
    {128, 191, 96 },
};

static void check_shapes(int way, tally_turn t)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check(way, t, shapes[i], false);
        check(way, t, shapes[i], true);
    }
}

Test(gemm, a_times_b_turned_is_right)
{
    check_shapes(BY_TABLE, TALLY_NT);
}

Test(gemm, a_times_b_is_right)
{
    check_shapes(BY_TABLE, TALLY_NN);
}

Test(gemm, a_turned_times_b_is_right)
{
    check_shapes(BY_TABLE, TALLY_TN);
}

/* A way that the build lacks is OpenBLAS's. */
Test(gemm, every_way_takes_every_shape)
{
    for (int way = TALLY_BLAS; way <= TALLY_MATMUL; way++)
        for (int t = TALLY_NT; t <= TALLY_TN; t++)
            check_shapes(way, (tally_turn)t);
}

Test(gemm, a_way_is_there_or_says_that_it_is_not)
{
    tally_real a = 2, b = 3, c = 0;
    tally_gemm g = tally_gemm_of(TALLY_NN, (tally_product){1, 1, 1}, &a, &b, &c);
    char line[256];

    cr_assert(tally_gemm_describe(line, sizeof line));
    bool onednn = strstr(line, "oneDNN") != NULL;
    cr_assert(tally_gemm_by(TALLY_BLAS, &g));
    cr_expect(eq(int, tally_gemm_by(TALLY_SGEMM, &g), onednn));
    g.add = true;
    cr_expect(eq(int, tally_gemm_by(TALLY_MATMUL, &g), onednn));
    cr_expect(eq(dbl, (double)c, 12));
}

/* Same bits when repeated, whatever was multiplied in between, and however the factors
 * lie in memory. */
static void check_repeats(tally_turn t, tally_product p)
{
    size_t n = p.rows * p.columns;
    tally_real *a = random_reals(1, p.rows * p.inner + 1);
    tally_real *b = random_reals(2, p.columns * p.inner + 1);
    tally_real *c = random_reals(3, n), *again = random_reals(4, n + 1);

    multiply(BY_TABLE, t, p, (const tally_real *const[]){a, b}, false, c);
    for (int shift = 0; shift < 2; shift++) {
        memmove(a + shift, a, p.rows * p.inner * sizeof *a);
        memmove(b + shift, b, p.columns * p.inner * sizeof *b);
        check(BY_TABLE, TALLY_NT, (tally_product){40, 41, 42}, true);
        multiply(BY_TABLE, t, p, (const tally_real *const[]){a + shift, b + shift},
                 false, again + shift);
        cr_expect(memcmp(c, again + shift, n * sizeof *c) == 0,
                  "turn %d, %zu x %zu x %zu: other bits", (int)t, p.rows, p.columns,
                  p.inner);
    }
    free(a);
    free(b);
    free(c);
    free(again);
}

Test(gemm, a_repeat_has_the_same_bits)
{
    for (size_t threads = 1; threads <= 2; threads++) {
        tally_gemm_threads(threads);
        for (int t = TALLY_NT; t <= TALLY_TN; t++)
            for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
                check_repeats((tally_turn)t, shapes[i]);
        check_repeats(TALLY_TN, (tally_product){301, 129, 65});
    }
}

typedef struct half {
    pthread_t thread;
    tally_real a[64 * 64], b[64 * 64], c[64 * 64];
    int wrong;
} half;

static void *multiply_often(void *context)
{
    half *h = context;
    tally_real first[64 * 64];
    const tally_real *const factors[] = {h->a, h->b};

    for (int i = 0; i < 200; i++) {
        multiply(BY_TABLE, TALLY_NT, (tally_product){64, 64, 64}, factors, false, h->c);
        if (i == 0) memcpy(first, h->c, sizeof first);
        h->wrong += memcmp(first, h->c, sizeof first) != 0;
    }
    return NULL;
}

Test(gemm, two_threads_multiply_the_same_shape_at_once)
{
    static half halves[2];

    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 64 * 64; k++) {
            halves[i].a[k] = (tally_real)(k % (7 + i));
            halves[i].b[k] = (tally_real)(k % (11 + i));
        }
        cr_assert(
            eq(int, pthread_create(&halves[i].thread, NULL, multiply_often, &halves[i]),
               0));
    }
    for (size_t i = 0; i < 2; i++) {
        cr_assert(eq(int, pthread_join(halves[i].thread, NULL), 0));
        cr_expect(eq(int, halves[i].wrong, 0));
    }
    cr_expect(memcmp(halves[0].c, halves[1].c, sizeof halves[0].c) != 0);
}

/* The rows of the table, on a processor where oneDNN pays. */
Test(gemm, a_table_says_which_way)
{
    static const struct {
        tally_turn turn;
        tally_product p;
        tally_way way;
    } cases[] = {
        {TALLY_NT, {32, 32, 16},                TALLY_BLAS  },
        {TALLY_TN, {0, 512, 512},               TALLY_BLAS  },
        {TALLY_NT, {33, 32, 16},                TALLY_MATMUL},
        {TALLY_NT, {15, 512, 784},              TALLY_SGEMM },
        {TALLY_NT, {16, 512, 784},              TALLY_MATMUL},
        {TALLY_NN, {128, 512, 10},              TALLY_MATMUL},
        {TALLY_NN, {128, 512, 64},              TALLY_SGEMM },
        {TALLY_TN, {512, 784, 128},             TALLY_SGEMM },
        {TALLY_NT, {INT_MAX, INT_MAX, INT_MAX}, TALLY_MATMUL},
    };

    bool pays = tally_gemm_way(TALLY_TN, (tally_product){512, 784, 128}) != TALLY_BLAS;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(eq(int, tally_gemm_way(cases[i].turn, cases[i].p),
                     pays ? cases[i].way : TALLY_BLAS),
                  "case %zu", i);
}

/* Large enough to be shared, by rows and by columns, in stripes that fit or do not. */
Test(gemm, any_number_of_threads_is_taken)
{
    static const size_t threads[] = {0, 1, 2, 3, SIZE_MAX};
    static const tally_product large[] = {
        {129, 301,  65  },
        {301, 129,  65  },
        {128, 128,  64  },
        {700, 3,    512 },
        {1,   1100, 1001},
    };

    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        tally_gemm_threads(threads[i]);
        for (int t = TALLY_NT; t <= TALLY_TN; t++)
            for (size_t k = 0; k < sizeof large / sizeof *large; k++) {
                check(BY_TABLE, (tally_turn)t, large[k], false);
                check(BY_TABLE, (tally_turn)t, large[k], true);
            }
    }
}

Test(gemm, describes_its_libraries_in_one_line)
{
    char line[256], cut[5];

    cr_expect(tally_gemm_describe(line, sizeof line));
    cr_expect(strncmp(line, "OpenBLAS ", 9) == 0 && strchr(line, ')'), "%s", line);
    cr_expect(not(tally_gemm_describe(cut, sizeof cut)));
    cr_expect(eq(str, cut, "Open"));
}

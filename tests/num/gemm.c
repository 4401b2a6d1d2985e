#include "num/gemm.h"

#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

typedef enum turn { NT, NN, TN } turn;

static double at_a(turn t, tally_product p, const tally_real *a, size_t i, size_t k)
{
    return (double)(t == TN ? a[k * p.rows + i] : a[i * p.inner + k]);
}

static double at_b(turn t, tally_product p, const tally_real *b, size_t j, size_t k)
{
    return (double)(t == NT ? b[j * p.inner + k] : b[k * p.columns + j]);
}

static void multiply(turn t, tally_product p, const tally_real *a, const tally_real *b,
                     bool add, tally_real *c)
{
    if (t == NT) tally_gemm_nt(p, a, b, add, c);
    if (t == NN) tally_gemm_nn(p, a, b, add, c);
    if (t == TN) tally_gemm_tn(p, a, b, add, c);
}

/* All factors are at most 1, so a sum of k products, each rounded once and added with
 * one rounding of a partial sum below k + 1, is off by at most (k + 1)^2 epsilons. */
static void check(turn t, tally_product p, bool add)
{
    tally_real *a = random_reals(1, p.rows * p.inner);
    tally_real *b = random_reals(2, p.columns * p.inner);
    tally_real *c = random_reals(3, p.rows * p.columns);
    double *want = calloc(p.rows * p.columns + 1, sizeof *want);
    double k1 = (double)p.inner + 1;

    for (size_t i = 0; i < p.rows; i++)
        for (size_t j = 0; j < p.columns; j++) {
            double *sum = &want[i * p.columns + j];

            if (add) *sum = (double)c[i * p.columns + j];
            for (size_t k = 0; k < p.inner; k++)
                *sum += at_a(t, p, a, i, k) * at_b(t, p, b, j, k);
            if (!add) c[i * p.columns + j] = (tally_real)NAN;
        }
    multiply(t, p, a, b, add, c);
    expect_near("c", c, want, p.rows * p.columns, k1 * k1 * REAL_EPSILON);
    free(a);
    free(b);
    free(c);
    free(want);
}

static void check_shapes(turn t)
{
    static const tally_product shapes[] = {
        {1,  1,  1 },
        {3,  5,  7 },
        {5,  3,  1 },
        {1,  17, 33},
        {33, 10, 64},
        {4,  6,  0 },
        {0,  6,  4 },
        {6,  0,  4 },
    };

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check(t, shapes[i], false);
        check(t, shapes[i], true);
    }
}

Test(gemm, a_times_b_turned_is_right)
{
    check_shapes(NT);
}

Test(gemm, a_times_b_is_right)
{
    check_shapes(NN);
}

Test(gemm, a_turned_times_b_is_right)
{
    check_shapes(TN);
}

Test(gemm, any_number_of_threads_is_taken)
{
    static const size_t threads[] = {0, 1, 2, SIZE_MAX};

    for (size_t i = 0; i < 4; i++) {
        tally_gemm_threads(threads[i]);
        check(NN, (tally_product){65, 70, 80}, false);
    }
}

#include "model/layer/init.h"

#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

/* Of n normals the mean deviates by 1 / sqrt(n), the mean of squares by sqrt(2 / n) and
 * the mean of products of neighbours by 1 / sqrt(n): six of each are never seen. */
Test(init, normal_values_have_the_right_moments)
{
    enum { N = 100001 };

    tally_real *w = calloc(N, sizeof *w);
    double sum = 0, squares = 0, products = 0;

    tally_init_normal(5, 2, 3.0, N, w);
    for (size_t i = 0; i < N; i++) {
        double z = (double)w[i] / 3, next = (double)w[(i + 1) % N] / 3;

        sum += z;
        squares += z * z;
        products += z * next;
    }
    cr_assert(lt(dbl, fabs(sum / N), 6 / sqrt(N)));
    cr_assert(lt(dbl, fabs(squares / N - 1), 6 * sqrt(2.0 / N)));
    cr_assert(lt(dbl, fabs(products / N), 6 / sqrt(N)));
    free(w);
}

/* 0.3173 of all normals lie beyond one deviation, 0.0455 beyond two; the share of n has
 * deviation sqrt(p (1 - p) / n). */
Test(init, normal_values_have_normal_tails)
{
    enum { N = 100000 };

    tally_real *w = calloc(N, sizeof *w);
    double beyond[2] = {0};
    const double p[2] = {0.31731, 0.04550};

    tally_init_normal(5, 3, 1.0, N, w);
    for (size_t i = 0; i < N; i++)
        for (int k = 0; k < 2; k++)
            beyond[k] += fabs((double)w[i]) > k + 1;
    for (int k = 0; k < 2; k++)
        cr_assert(lt(dbl, fabs(beyond[k] / N - p[k]), 6 * sqrt(p[k] * (1 - p[k]) / N)));
    free(w);
}

Test(init, a_value_depends_on_seed_tensor_and_index_alone)
{
    tally_real a[7], b[7], c[7];

    tally_init_normal(5, 2, 1.0, 7, a);
    tally_init_normal(5, 2, 1.0, 3, b);
    cr_assert(a[0] == b[0] && a[1] == b[1] && a[2] == b[2]);
    tally_init_normal(5, 3, 1.0, 7, b);
    tally_init_normal(6, 2, 1.0, 7, c);
    for (int i = 0; i < 7; i++)
        cr_assert(a[i] != b[i] && a[i] != c[i]);
}

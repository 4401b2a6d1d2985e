/* arrays.c — making and comparing arrays of numbers in tests. */

#include "support/arrays.h"

#include "num/random.h"
#include "support/golden.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

tally_real *random_reals(uint64_t seed, size_t n)
{
    tally_real *v = calloc(n + 1, sizeof *v);

    cr_assert(v);
    for (size_t i = 0; i < n; i++)
        v[i] = (tally_real)(2 * tally_random_uniform(seed, TALLY_FOR_TESTS, 0, i) - 1);
    return v;
}

tally_real *golden_reals(const json_t *json, size_t *count)
{
    double *numbers = golden_numbers(json, count);
    tally_real *v = calloc(*count + 1, sizeof *v);

    cr_assert(v);
    for (size_t i = 0; i < *count; i++)
        v[i] = (tally_real)numbers[i];
    free(numbers);
    return v;
}

int32_t *golden_labels(const json_t *json, size_t *count)
{
    double *numbers = golden_numbers(json, count);
    int32_t *labels = calloc(*count + 1, sizeof *labels);

    cr_assert(labels);
    for (size_t i = 0; i < *count; i++)
        labels[i] = (int32_t)numbers[i];
    free(numbers);
    return labels;
}

void expect_near(const char *what, const tally_real *got, const double *want, size_t n,
                 double tolerance)
{
    for (size_t i = 0; i < n; i++) {
        double away = fabs((double)got[i] - want[i]);

        cr_assert(away <= tolerance * (1 + fabs(want[i])),
                  "%s[%zu] is %.17g, expected %.17g within %.2g", what, i,
                  (double)got[i], want[i], tolerance);
    }
}

void expect_golden(const char *what, const tally_real *got, size_t n,
                   const json_t *want, double tolerance)
{
    size_t count;
    double *numbers = golden_numbers(want, &count);

    cr_assert(count == n, "%s has %zu values, expected %zu", what, n, count);
    expect_near(what, got, numbers, n, tolerance);
    free(numbers);
}

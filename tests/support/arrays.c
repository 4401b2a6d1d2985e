/* arrays.c — making and comparing arrays of numbers in tests. */

#include "support/arrays.h"

#include "num/random.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

tally_real *random_reals(uint64_t seed, size_t n)
{
    tally_real *v = calloc(n + 1, sizeof *v);

    cr_assert(v != NULL);
    for (size_t i = 0; i < n; i++)
        v[i] = (tally_real)(2 * tally_random_uniform(seed, TALLY_FOR_TESTS, 0, i) - 1);
    return v;
}

tally_real *wild_reals(uint64_t seed, size_t n)
{
    const tally_real wild[] = {0,
                               (tally_real)-0.0,
                               (tally_real)NAN,
                               (tally_real)INFINITY,
                               (tally_real)-INFINITY,
                               (tally_real)1e-45,
                               (tally_real)-3e-39,
                               (tally_real)1e19,
                               (tally_real)-3e38,
                               -100,
                               88,
                               (tally_real)-0.5};
    tally_real *v = random_reals(seed, n);

    for (size_t i = 0; i < n; i++) {
        uint64_t r = tally_random(seed, TALLY_FOR_TESTS, 1, i);

        if (r % 8 == 0) v[i] = wild[(r >> 8) % (sizeof wild / sizeof *wild)];
    }
    return v;
}

tally_real *golden_reals(const json_t *json, size_t *count)
{
    double *numbers = golden_numbers(json, count);
    tally_real *v = calloc(*count + 1, sizeof *v);

    cr_assert(v != NULL);
    for (size_t i = 0; i < *count; i++)
        v[i] = (tally_real)numbers[i];
    free(numbers);
    return v;
}

int32_t *golden_labels(const json_t *json, size_t *count)
{
    double *numbers = golden_numbers(json, count);
    int32_t *labels = calloc(*count + 1, sizeof *labels);

    cr_assert(labels != NULL);
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

void expect_same_bits(const char *what, const tally_real *got, const tally_real *want,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(got[i]) && isnan(want[i])) continue;
        if (memcmp(&got[i], &want[i], sizeof *got) != 0)
            cr_fatal("%s: [%zu] of %zu is %.17g, expected %.17g", what, i, n,
                     (double)got[i], (double)want[i]);
    }
}

#include "num/random.h"

#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

Test(random, is_a_function_of_where_it_is)
{
    uint64_t a = tally_random(1, TALLY_FOR_TESTS, 2, 3);

    cr_assert(eq(u64, a, tally_random(1, TALLY_FOR_TESTS, 2, 3)));
    cr_assert(ne(u64, a, tally_random(2, TALLY_FOR_TESTS, 2, 3)));
    cr_assert(ne(u64, a, tally_random(1, TALLY_FOR_TIE, 2, 3)));
    cr_assert(ne(u64, a, tally_random(1, TALLY_FOR_TESTS, 3, 3)));
    cr_assert(ne(u64, a, tally_random(1, TALLY_FOR_TESTS, 2, 4)));
}

/* Random123's own known answer for a zero counter and key: 6627e8d5 e169c58d ... */
Test(random, first_word_is_the_published_one)
{
    cr_assert(eq(u64, tally_random(0, (tally_purpose)0, 0, 0), 0xe169c58d6627e8d5u));
}

/* Every count up to some vectors, from indices on either side of 2^32. */
Test(random, a_run_is_one_number_after_the_other)
{
    enum { MOST = 70 };

    static const uint64_t first[] = {0, 7, 0xfffffff0u, UINT64_MAX - 100};
    uint64_t run[MOST + 1];

    for (size_t f = 0; f < sizeof first / sizeof *first; f++) {
        for (size_t n = 0; n <= MOST; n++) {
            uint64_t seed = 0x123456789abcdefu * n, step = (uint64_t)n << 50 | f;

            run[n] = 1;
            tally_random_run(seed, TALLY_FOR_TESTS, step, first[f], n, run);
            for (size_t i = 0; i < n; i++)
                cr_assert(eq(u64, run[i],
                             tally_random(seed, TALLY_FOR_TESTS, step, first[f] + i)));
            cr_assert(eq(u64, run[n], 1));
        }
    }
}

/* The mean of n uniforms has deviation 1 / sqrt(12 n); six of them is never seen. */
Test(random, uniform_has_the_right_mean)
{
    enum { N = 100000 };

    double sum = 0;

    for (uint64_t i = 0; i < N; i++) {
        double x = tally_random_uniform(7, TALLY_FOR_TESTS, 0, i);

        cr_assert(x >= 0 && x < 1);
        sum += x;
    }
    cr_assert(lt(dbl, fabs(sum / N - 0.5), 6 / sqrt(12.0 * N)));
}

static void check_permutation(uint64_t n)
{
    char *seen = calloc(n, 1);

    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = tally_random_permute(3, TALLY_FOR_TESTS, n, n, i);

        cr_assert(lt(u64, at, n));
        cr_assert(seen[at] == 0, "n=%llu: %llu twice", (unsigned long long)n,
                  (unsigned long long)at);
        seen[at] = 1;
    }
    free(seen);
}

Test(random, permute_reaches_every_place_once)
{
    static const uint64_t sizes[] = {1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 1437, 60000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_permutation(sizes[i]);
}

/* Where 0 goes, over many keys: chi-square with 9 degrees of freedom; 40 has p < 1e-5.
 */
Test(random, permute_is_fair_to_places)
{
    enum { N = 10, KEYS = 10000 };

    double counts[N] = {0}, chi = 0;

    for (uint64_t k = 0; k < KEYS; k++)
        counts[tally_random_permute(k, TALLY_FOR_TESTS, 0, N, 0)]++;
    for (int i = 0; i < N; i++)
        chi += pow(counts[i] - KEYS / N, 2) / (KEYS / (double)N);
    cr_assert(lt(dbl, chi, 40));
}

/* Of N = 20000 normal deviates: the mean has a deviation of 1 / sqrt N = 0.0071, the
 * mean square one of sqrt(2 / N) = 0.01, the mean product of a pair one of 0.01; five
 * of each. */
Test(random, normal_deviates_have_the_right_moments)
{
    enum { PAIRS = 10000 };

    double sum = 0, squares = 0, products = 0;

    for (uint64_t i = 0; i < PAIRS; i++) {
        double pair[2];

        tally_random_normal(1, TALLY_FOR_TESTS, 8, i, pair);
        sum += pair[0] + pair[1];
        squares += pair[0] * pair[0] + pair[1] * pair[1];
        products += pair[0] * pair[1];
    }
    cr_assert(fabs(sum) / (2 * PAIRS) < 0.0355);
    cr_assert(fabs(squares / (2 * PAIRS) - 1) < 0.05);
    cr_assert(fabs(products) / PAIRS < 0.05);
}

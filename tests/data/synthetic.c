#include "data/source.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

static tally_source opened(const char *spec)
{
    tally_source s;

    expect_ok(tally_source_open(&s, spec));
    return s;
}

Test(synthetic, is_as_large_as_asked)
{
    tally_source s = opened("synthetic:features=7,classes=4,train=1G,test=0");

    cr_assert(eq(sz, s.features, 7));
    cr_assert(eq(sz, s.classes, 4));
    cr_assert(eq(sz, s.train_count, 1000000000));
    cr_assert(eq(sz, s.test_count, 0));
    tally_source_close(&s);
}

Test(synthetic, the_last_of_many_rows_can_be_fetched)
{
    tally_source s = opened("synthetic:features=3,train=1000000G");
    tally_real x[3];
    int32_t label;

    expect_ok(
        s.ops->fetch(&s, TALLY_TRAIN, (uint64_t[]){999999999999999}, 1, x, &label));
    expect_fail(
        s.ops->fetch(&s, TALLY_TRAIN, (uint64_t[]){1000000000000000}, 1, x, &label),
        OPTION, "there is no row 1000000000000000");
    expect_fail(s.ops->fetch(&s, TALLY_TEST, (uint64_t[]){2000}, 1, x, &label), OPTION,
                "there is no row 2000, expected less than 2000");
    tally_source_close(&s);
}

/* Without noise a sample is the centre of its class, in either set. */
Test(synthetic, without_noise_samples_of_a_class_are_its_centre)
{
    enum { FEATURES = 5, CLASSES = 3 };

    tally_source s = opened("synthetic:features=5,noise=0");
    tally_real centre[CLASSES][FEATURES], x[FEATURES];
    bool seen[CLASSES] = {false};

    for (uint64_t row = 0; row < 200; row++) {
        int32_t label;

        expect_ok(
            s.ops->fetch(&s, row % 2 ? TALLY_TEST : TALLY_TRAIN, &row, 1, x, &label));
        if (!seen[label]) memcpy(centre[label], x, sizeof x);
        seen[label] = true;
        cr_assert(memcmp(centre[label], x, sizeof x) == 0);
    }
    for (int c = 0; c < CLASSES; c++)
        cr_assert(seen[c] &&
                  memcmp(centre[c], centre[(c + 1) % CLASSES], sizeof x) != 0);
    tally_source_close(&s);
}

/* Of N = 20000 differences from the centre of deviation 2: the mean has a deviation of
 * 2 / sqrt N = 0.014, their deviation one of 2 / sqrt(2 N) = 0.01; five of each.  Class
 * counts of 4000 rows have a deviation below 30. */
Test(synthetic, noise_is_the_deviation_within_a_class)
{
    enum { FEATURES = 5, ROWS = 4000 };

    tally_source noisy = opened("synthetic:features=5,noise=2");
    tally_source plain = opened("synthetic:features=5,noise=0");
    double sum = 0, squares = 0, n = ROWS * FEATURES;
    int count[3] = {0};

    for (uint64_t row = 0; row < ROWS; row++) {
        tally_real x[FEATURES], centre[FEATURES];
        int32_t a, b;

        expect_ok(noisy.ops->fetch(&noisy, TALLY_TRAIN, &row, 1, x, &a));
        expect_ok(plain.ops->fetch(&plain, TALLY_TRAIN, &row, 1, centre, &b));
        cr_assert(eq(int, a, b));
        count[a]++;
        for (int k = 0; k < FEATURES; k++) {
            double e = (double)x[k] - (double)centre[k];

            sum += e;
            squares += e * e;
        }
    }
    cr_assert(fabs(sum / n) < 5 * 0.0142, "mean %g", sum / n);
    cr_assert(fabs(sqrt(squares / n) - 2) < 5 * 0.01, "deviation %g",
              sqrt(squares / n));
    for (int c = 0; c < 3; c++)
        cr_assert(abs(count[c] - ROWS / 3) < 150, "class %d: %d", c, count[c]);
    tally_source_close(&noisy);
    tally_source_close(&plain);
}

Test(synthetic, every_option_changes_the_hash)
{
    static const char *const specs[] = {
        "synthetic",           "synthetic:features=21", "synthetic:classes=4",
        "synthetic:train=999", "synthetic:test=999",    "synthetic:noise=2",
        "synthetic:seed=2",
    };

    enum { SPECS = sizeof specs / sizeof *specs };

    uint64_t hash[SPECS];

    for (int i = 0; i < SPECS; i++) {
        tally_source s = opened(specs[i]);

        hash[i] = s.hash;
        for (int k = 0; k < i; k++)
            cr_assert(ne(u64, hash[i], hash[k]));
        tally_source_close(&s);
    }
}

Test(synthetic, the_seed_changes_centres_and_rows)
{
    tally_source a = opened("synthetic:noise=0"),
                 b = opened("synthetic:noise=0,seed=2");
    tally_real x[20], y[20];
    uint64_t row = 3;
    int32_t label;

    expect_ok(a.ops->fetch(&a, TALLY_TRAIN, &row, 1, x, &label));
    expect_ok(b.ops->fetch(&b, TALLY_TRAIN, &row, 1, y, &label));
    for (int k = 0; k < 20; k++)
        cr_assert(x[k] < y[k] || x[k] > y[k]);
    tally_source_close(&a);
    tally_source_close(&b);
}

Test(synthetic, values_out_of_range_are_refused)
{
    tally_source s;

    expect_fail(tally_source_open(&s, "synthetic:features=0"), OPTION, "features=0");
    expect_fail(tally_source_open(&s, "synthetic:classes=1"), OPTION, "classes=1");
    expect_fail(tally_source_open(&s, "synthetic:train=0"), OPTION, "train=0");
    expect_fail(tally_source_open(&s, "synthetic:noise=-1"), OPTION, "noise=-1");
}

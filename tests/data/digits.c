#include "data/source.h"
#include "support/expect.h"

/* Counts by digit, first labels and sums of pixels come from the published arrays, by
 * another program. */
Test(digits, hold_what_they_should)
{
    static const int by_digit[] = {143, 146, 142, 146, 144, 145, 144, 143, 141, 143};
    int counts[10] = {0};
    double sum = 0;
    tally_source s;

    expect_ok(tally_source_open(&s, "digits:scale=none"));
    cr_assert(eq(sz, s.train_count, 1437));
    cr_assert(eq(sz, s.test_count, 360));
    cr_assert(eq(sz, s.features, 64));
    cr_assert(eq(sz, s.classes, 10));
    cr_assert(eq(sz, s.shape[1], 8));
    for (uint64_t row = 0; row < 1437; row++) {
        tally_real x[64];
        int32_t label;

        expect_ok(s.ops->fetch(&s, TALLY_TRAIN, &row, 1, x, &label));
        if (row < 10) cr_assert(eq(int, label, (int)row));
        counts[label]++;
        for (int k = 0; k < 64; k++)
            sum += (double)x[k];
    }
    cr_assert(eq(int[10], counts, (int *)by_digit));
    cr_assert(eq(u64, (uint64_t)sum, 449372));
    tally_source_close(&s);
}

/* The hash is part of what a checkpoint compares: it must not drift. */
Test(digits, hash_is_the_same_on_every_machine)
{
    tally_source s;

    expect_ok(tally_source_open(&s, "digits"));
    cr_assert(eq(u64, s.hash, 0x3ad7d115a69e2d77u));
    tally_source_close(&s);
}

/* 16 is white. */
Test(digits, unit_scale_reaches_one)
{
    tally_source s;
    double most = 0;

    expect_ok(tally_source_open(&s, "digits:scale=unit"));
    for (uint64_t row = 0; row < 100; row++) {
        tally_real x[64];
        int32_t label;

        expect_ok(s.ops->fetch(&s, TALLY_TRAIN, &row, 1, x, &label));
        for (int k = 0; k < 64; k++)
            if ((double)x[k] > most) most = (double)x[k];
    }
    cr_assert(ieee_ulp_eq(dbl, most, 1.0, 0));
    tally_source_close(&s);
}

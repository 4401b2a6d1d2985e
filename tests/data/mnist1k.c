#include "data/source.h"
#include "support/expect.h"

static void count_labels(const tally_source *s, tally_split split, size_t n,
                         int counts[10], double *sum)
{
    for (uint64_t row = 0; row < n; row++) {
        tally_real x[784];
        int32_t label;

        expect_ok(s->ops->fetch(s, split, &row, 1, x, &label));
        counts[label]++;
        for (int k = 0; k < 784; k++)
            *sum += (double)x[k];
    }
}

/* Sums of pixels come from another program's reading. */
Test(mnist1k, holds_what_it_should)
{
    int train[10] = {0}, test[10] = {0};
    double train_sum = 0, test_sum = 0;
    tally_source s;

    expect_ok(tally_source_open(&s, "mnist1k:scale=none"));
    cr_assert(eq(sz, s.train_count, 800));
    cr_assert(eq(sz, s.test_count, 200));
    cr_assert(eq(sz, s.features, 784));
    cr_assert(eq(sz, s.classes, 10));
    count_labels(&s, TALLY_TRAIN, 800, train, &train_sum);
    count_labels(&s, TALLY_TEST, 200, test, &test_sum);
    for (int i = 0; i < 10; i++) {
        cr_assert(eq(int, train[i], 80));
        cr_assert(eq(int, test[i], 20));
    }
    cr_assert(eq(u64, (uint64_t)train_sum, 20581787));
    cr_assert(eq(u64, (uint64_t)test_sum, 5027560));
    tally_source_close(&s);
}

Test(mnist1k, starts_like_mnist)
{
    static const int first[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    static const uint64_t rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static tally_real x[10 * 784];
    int32_t label[10];
    tally_source s;

    expect_ok(tally_source_open(&s, "mnist1k"));
    expect_ok(s.ops->fetch(&s, TALLY_TRAIN, rows, 10, x, label));
    for (int i = 0; i < 10; i++)
        cr_assert(eq(int, label[i], first[i]));
    cr_assert(eq(u64, s.hash, 0x2e08b837d64ddfcfu));
    tally_source_close(&s);
}

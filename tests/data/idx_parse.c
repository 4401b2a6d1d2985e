#include "data/idx_parse.h"

#include "data/scratch.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

Test(idx_parse, dimensions_and_values_are_found)
{
    tally_idx idx;

    expect_ok(
        tally_idx_parse(&idx, "X", small_train_images, sizeof small_train_images));
    cr_assert(eq(sz, idx.dimensions, 3));
    cr_assert(eq(sz, idx.shape[0], 6));
    cr_assert(eq(sz, idx.shape[1], 2));
    cr_assert(eq(sz, idx.shape[2], 3));
    cr_assert(eq(sz, idx.offset, 16));
    cr_assert(idx.values == small_train_images + 16);
    expect_ok(
        tally_idx_parse(&idx, "X", small_train_labels, sizeof small_train_labels));
    cr_assert(eq(sz, idx.dimensions, 1));
    cr_assert(eq(sz, idx.offset, 8));
}

/* 1 x 1 x ... x 2, and a size that needs all four bytes of a dimension. */
Test(idx_parse, eight_dimensions_and_large_ones_are_read)
{
    uint8_t eight[4 + 32 + 2] = {0, 0, 8, 8};
    tally_idx idx;

    for (size_t i = 0; i < 8; i++)
        eight[4 + 4 * i + 3] = i == 7 ? 2 : 1;
    expect_ok(tally_idx_parse(&idx, "X", eight, sizeof eight));
    cr_assert(eq(sz, idx.shape[7], 2));

    size_t count = 0x01020304;
    uint8_t *large = calloc(8 + count, 1);
    memcpy(large, (uint8_t[]){0, 0, 8, 1, 1, 2, 3, 4}, 8);
    expect_ok(tally_idx_parse(&idx, "X", large, 8 + count));
    cr_assert(eq(sz, idx.shape[0], count));
    free(large);
}

/* Each in memory of exactly its size, so that the sanitizer sees a byte too far. */
Test(idx_parse, every_truncation_is_refused)
{
    for (size_t n = 0; n < sizeof small_train_images; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        char words[32];
        tally_idx idx;

        memcpy(exact, small_train_images, n);
        snprintf(words, sizeof words, "X ends at byte %zu, ", n);
        expect_fail(tally_idx_parse(&idx, "X", exact, n), FORMAT, words);
        free(exact);
    }
}

Test(idx_parse, a_product_that_overflows_is_refused)
{
    uint8_t b[4 + 12 + 8] = {0, 0, 8, 3};
    tally_idx idx;

    memset(b + 4, 0xff, 12); /* (2^32 - 1)^3 */
    expect_fail(tally_idx_parse(&idx, "X", b, sizeof b), FORMAT,
                "byte 12: dimension 2 is 4294967295");
    memcpy(b + 4, (uint8_t[]){0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 4}, 12);
    expect_fail(
        tally_idx_parse(&idx, "X", b, sizeof b), FORMAT,
        "byte 12: dimension 2 is 4, and the product"); /* 2^64, which wraps to 0 */
}

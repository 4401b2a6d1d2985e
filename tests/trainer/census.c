/* census.c — values that are not finite, by rank and tensor. */

#include "trainer/census.h"

#include "support/expect.h"

#include <math.h>

static tally_layout three_tensors(void)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "a", TALLY_WEIGHT, 1, (size_t[]){70}));
    expect_ok(tally_layout_add(&layout, "b", TALLY_BIAS, 1, (size_t[]){30}));
    expect_ok(tally_layout_add(&layout, "c", TALLY_WEIGHT, 1, (size_t[]){100}));
    return layout;
}

/* Each place of spans that begin and end inside tensors, and every kind of value. */
Test(census, finds_each_value_where_it_is)
{
    static const tally_real bad[] = {(tally_real)NAN, (tally_real)INFINITY,
                                     (tally_real)-INFINITY};
    tally_layout layout = three_tensors();
    tally_real v[200] = {0};

    for (size_t i = 0; i < 200; i++) {
        step_report mine = {0};
        uint64_t tensor = i < 70 ? 1 : i < 100 ? 2 : 4;

        v[i] = bad[i % 3];
        census_add(&mine, &layout, (tally_span){0, i}, v);
        census_add(&mine, &layout, (tally_span){i + 1, 199 - i}, v);
        cr_assert(eq(u64, mine.lost, 0));
        census_add(&mine, &layout, (tally_span){i / 2, 200 - i / 2}, v);
        cr_assert(eq(u64, mine.lost, 1));
        cr_assert(eq(u64, mine.lost_tensors, tensor));
        v[i] = i % 2 ? -0.0 : (tally_real)-3e38;
    }
    tally_layout_close(&layout);
}

Test(census, tells_of_each_tensor_of_a_rank_once)
{
    tally_layout layout = three_tensors();
    step_report all[3] = {
        {.lost = 0},
        {.lost = 5, .lost_tensors = 5},
        {.lost = 0        }
    };
    char sentence[256];
    census c;

    expect_ok(census_open(&c, 3));
    census_read(&c, all, 3, 7, &layout, sentence, sizeof sentence);
    cr_assert(eq(str, sentence, "not finite in step 7: rank 1, 5 values (a, c)"));
    census_read(&c, all, 3, 8, &layout, sentence, sizeof sentence);
    cr_assert(eq(str, sentence, ""));
    all[2] = (step_report){.lost = 1, .lost_tensors = 2};
    all[1].lost_tensors = 2;
    census_read(&c, all, 3, 9, &layout, sentence, sizeof sentence);
    cr_assert(eq(str, sentence,
                 "not finite in step 9: rank 1, 5 values (b); rank 2, 1 value (b)"));
    cr_assert(eq(u64, c.count, 16));
    census_close(&c);
    tally_layout_close(&layout);
}

#include "tally/layout.h"

#include "support/expect.h"

#include <stdint.h>

static tally_layout two_layers(void)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "a.weight", TALLY_WEIGHT, 2, (size_t[]){3, 5}));
    expect_ok(tally_layout_add(&layout, "a.bias", TALLY_BIAS, 1, (size_t[]){3}));
    return layout;
}

Test(layout, tensors_tile_the_vector)
{
    tally_layout layout = two_layers();

    cr_assert(eq(sz, layout.length, 18));
    cr_assert(eq(sz, layout.tensors[1].span.first, 15));
    cr_assert(layout.tensors[0].decays && !layout.tensors[1].decays);
    cr_assert(eq(str, tally_layout_tensor(&layout, 14)->name, "a.weight"));
    cr_assert(eq(str, tally_layout_tensor(&layout, 15)->name, "a.bias"));
    tally_layout_close(&layout);
}

Test(layout, other_shapes_have_other_hashes)
{
    tally_layout a = two_layers(), b = two_layers();

    cr_assert(eq(u64, tally_layout_hash(&a), tally_layout_hash(&b)));
    expect_ok(tally_layout_add(&b, "b.bias", TALLY_BIAS, 1, (size_t[]){1}));
    cr_assert(ne(u64, tally_layout_hash(&a), tally_layout_hash(&b)));
    tally_layout_close(&a);
    tally_layout_close(&b);
}

Test(layout, sizes_that_overflow_are_refused)
{
    tally_layout layout = {0};

    cr_assert(eq(int,
                 (int)tally_layout_add(&layout, "w", TALLY_WEIGHT, 2,
                                       (size_t[]){SIZE_MAX / 2, 3}),
                 (int)TALLY_MEMORY));
}

Test(layout, state_has_the_lengths_its_table_declares)
{
    static const tally_slot slots[] = {
        {"m", TALLY_SHARED,  TALLY_EACH_WEIGHT},
        {"r", TALLY_SHARED,  TALLY_EACH_TENSOR},
        {"b", TALLY_PRIVATE, TALLY_EACH_BIT   },
        {"t", TALLY_SHARED,  TALLY_ONCE       },
        TALLY_END
    };
    tally_layout layout = two_layers();
    tally_state state;

    expect_ok(tally_state_open(&state, slots, &layout));
    cr_assert(eq(sz, state.count, 4));
    cr_assert(eq(sz, state.bytes[0], 18 * sizeof(tally_real)));
    cr_assert(eq(sz, state.bytes[1], 2 * sizeof(tally_real)));
    cr_assert(eq(sz, state.bytes[2], 8));
    cr_assert(eq(sz, state.bytes[3], sizeof(double)));
    cr_assert(eq(sz, (uintptr_t)state.at[0] % 64, 0));
    tally_state_close(&state);
    tally_layout_close(&layout);
}

Test(layout, a_slot_of_its_own_length_is_empty_until_it_is_told)
{
    static const tally_slot slots[] = {
        {"q", TALLY_SHARED, TALLY_OWN_LENGTH},
        TALLY_END
    };
    tally_layout layout = two_layers();
    tally_state state;

    expect_ok(tally_state_open(&state, slots, &layout));
    cr_assert(eq(sz, state.bytes[0], 0));
    expect_ok(tally_state_resize(&state, 0, 5));
    cr_assert(eq(sz, state.bytes[0], 5 * sizeof(tally_real)));
    for (size_t i = 0; i < 5; i++)
        cr_assert(eq(dbl, (double)((const tally_real *)state.at[0])[i], 0));
    expect_fail(tally_state_resize(&state, 0, SIZE_MAX / 2), MEMORY,
                "no memory for state q of");
    cr_assert(eq(sz, state.bytes[0], 5 * sizeof(tally_real)));
    tally_state_close(&state);
    tally_layout_close(&layout);
}

Test(layout, allocation_that_overflows_is_refused)
{
    cr_assert(tally_allocate(SIZE_MAX / 2, 8) == NULL);
}

#include "support/expect.h"
#include "trainer/server/server.h"

static tally_layout layout_of(const size_t *sizes, size_t count)
{
    tally_layout layout = {0};

    for (size_t i = 0; i < count; i++)
        expect_ok(tally_layout_add(&layout, "t", TALLY_WEIGHT, 1, &sizes[i]));
    return layout;
}

/* They tile the vector, start on multiples of 64, and differ by a tenth at most. */
static void expect_balanced(const tally_layout *layout, int servers)
{
    tally_span s[16];
    size_t end = 0, even = layout->length / (size_t)servers;

    tally_slices(layout, servers, s);
    for (int i = 0; i < servers; i++) {
        cr_assert(eq(sz, s[i].first, end));
        cr_assert(eq(sz, s[i].first % 64, 0));
        cr_assert(le(sz, s[i].count, even + even / 10 + 64));
        cr_assert(ge(sz, s[i].count + 64, even - even / 10));
        end = s[i].first + s[i].count;
    }
    cr_assert(eq(sz, end, layout->length));
}

Test(slices, are_balanced_whatever_the_tensors)
{
    static const size_t mlp[] = {784 * 512, 512, 512 * 512, 512, 5120, 10};
    static const size_t odd[] = {7, 100000, 3, 3, 41};
    tally_layout a = layout_of(mlp, 6), b = layout_of(odd, 5);

    for (int servers = 1; servers <= 16; servers++) {
        expect_balanced(&a, servers);
        expect_balanced(&b, servers);
    }
    tally_layout_close(&a);
    tally_layout_close(&b);
}

Test(slices, start_with_a_tensor_where_one_is_near)
{
    static const size_t sizes[] = {64 * 98, 64 * 102};
    tally_layout layout = layout_of(sizes, 2);
    tally_span s[2];

    tally_slices(&layout, 2, s);
    cr_assert(eq(sz, s[1].first, 64 * 98));
    tally_layout_close(&layout);
}

Test(slices, more_servers_than_weights_leave_some_with_none)
{
    static const size_t sizes[] = {100};
    tally_layout layout = layout_of(sizes, 1);
    tally_span s[5];
    size_t sum = 0;

    tally_slices(&layout, 5, s);
    for (int i = 0; i < 5; i++)
        sum += s[i].count;
    cr_assert(eq(sz, sum, 100));
    tally_layout_close(&layout);
}

Test(slices, pieces_of_a_plan_come_last_first)
{
    static const tally_span plan[] = {
        {0,   128},
        {128, 256},
        {384, 100}
    };
    tally_span p[3];

    cr_assert(eq(sz, tally_slice_pieces(plan, 3, (tally_span){192, 256}, p), 2));
    cr_assert(eq(sz, p[0].first, 384));
    cr_assert(eq(sz, p[0].count, 64));
    cr_assert(eq(sz, p[1].first, 192));
    cr_assert(eq(sz, p[1].count, 192));
    cr_assert(eq(sz, tally_slice_pieces(plan, 3, (tally_span){484, 0}, p), 0));
}

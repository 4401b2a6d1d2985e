#include "rule/decay.h"

#include "support/expect.h"

/* Decays: [0, 4) yes, [4, 6) no, [6, 7) no, [7, 9) yes, nothing, [9, 12) yes. */
static tally_layout mixed(void)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "a", TALLY_WEIGHT, 1, (size_t[]){4}));
    expect_ok(tally_layout_add(&layout, "b", TALLY_BIAS, 1, (size_t[]){2}));
    expect_ok(tally_layout_add(&layout, "c", TALLY_GAIN, 1, (size_t[]){1}));
    expect_ok(tally_layout_add(&layout, "d", TALLY_WEIGHT, 1, (size_t[]){2}));
    expect_ok(tally_layout_add(&layout, "e", TALLY_WEIGHT, 1, (size_t[]){0}));
    expect_ok(tally_layout_add(&layout, "f", TALLY_WEIGHT, 1, (size_t[]){3}));
    return layout;
}

static bool decays(size_t i)
{
    return i < 4 || i >= 7;
}

Test(decay, pieces_tile_any_span_and_decay_alike)
{
    tally_layout layout = mixed();

    for (size_t first = 0; first < 12; first++) {
        for (size_t count = 0; first + count <= 12; count++) {
            tally_stretches stretches =
                tally_stretches_of(&layout, (tally_span){first, count}, 0.5, 0.25);
            tally_stretch p;
            size_t at = first;

            while (tally_stretches_next(&stretches, &p)) {
                cr_assert(eq(sz, p.first, at));
                cr_assert(lt(sz, p.first, p.end));
                for (; at < p.end; at++) {
                    cr_assert(eq(dbl, (double)p.l2, decays(at) ? 0.5 : 0));
                    cr_assert(eq(dbl, (double)p.shrink, decays(at) ? 0.25 : 0));
                }
            }
            cr_assert(eq(sz, at, first + count));
        }
    }
    tally_layout_close(&layout);
}

Test(decay, neighbours_that_decay_alike_are_one_piece)
{
    tally_layout layout = mixed();
    tally_stretches stretches =
        tally_stretches_of(&layout, (tally_span){0, 12}, 0, 0.25);
    tally_stretch p;
    size_t count = 0;

    while (tally_stretches_next(&stretches, &p))
        count++;
    cr_assert(eq(sz, count, 3));
    stretches = tally_stretches_of(&layout, (tally_span){0, 12}, 0, 0);
    for (count = 0; tally_stretches_next(&stretches, &p);)
        count++;
    cr_assert(eq(sz, count, 1));
    tally_layout_close(&layout);
}

Test(decay, both_forms_touch_what_decays_within_the_span)
{
    tally_layout layout = mixed();
    tally_real w[12], g[12] = {0};

    for (size_t i = 0; i < 12; i++)
        w[i] = 8;
    tally_decay_into(&layout, (tally_span){1, 10}, 0.5, w, g);
    tally_decay(&layout, (tally_span){1, 10}, 0.5, 0.5, w);
    for (size_t i = 0; i < 12; i++) {
        bool inside = i >= 1 && i < 11 && decays(i);

        cr_assert(eq(dbl, (double)w[i], inside ? 6 : 8));
        cr_assert(eq(dbl, (double)g[i], inside ? 4 : 0));
    }
    tally_decay_into(&layout, (tally_span){0, 12}, 0, w, g);
    tally_decay(&layout, (tally_span){0, 12}, 0.5, 0, w);
    cr_assert(eq(dbl, (double)w[1], 6));
    cr_assert(eq(dbl, (double)g[1], 4));
    tally_layout_close(&layout);
}

/* What a rank remembers of its last collectives, and their signatures. */

#include "comm/trail.h"

#include "tally/comm.h"

#include "support/expect.h"

static tally_act sum_of(uint64_t amount)
{
    return (tally_act){.what = "sum of",
                       .unit = "values",
                       .tag = TALLY_TAG(TALLY_EXCHANGE, 6),
                       .amount = amount};
}

Test(trail, collectives_of_all_ranks_have_numbers_and_signatures)
{
    tally_trail t, other;
    tally_act acts[8];

    tally_trail_open(&t);
    tally_trail_open(&other);
    t.step = other.step = 57;
    tally_trail_begin(&t, sum_of(4096), true);
    tally_trail_begin(&t, sum_of(12), false);
    tally_trail_begin(&t, sum_of(1), true);
    tally_trail_begin(&other, sum_of(4096), true);
    tally_trail_begin(&other, sum_of(1), true);
    cr_assert(eq(u64, t.number, 2));
    cr_assert(eq(u64, t.sum, other.sum));
    cr_assert(eq(sz, tally_trail_recent(&t, acts, 8), 2));
    cr_assert(eq(u64, acts[0].amount, 1));
    cr_assert(eq(u64, acts[1].number, 1));

    char text[96];
    tally_act_print(&acts[1], text, sizeof text);
    cr_assert(eq(str, text, "sum of 4096 values, exchange 3, step 57"));
    tally_trail_close(&t);
    tally_trail_close(&other);
}

/* All else equal, and at the same place. */
Test(trail, whatever_differs_gives_another_signature)
{
    tally_act other[] = {sum_of(4097), sum_of(4096), sum_of(4096), sum_of(4096)};
    tally_trail t;

    other[1].what = "broadcast of";
    other[2].tag += 2;
    for (int k = 0; k < 4; k++) {
        tally_trail_open(&t);
        t.step = 9;
        tally_trail_begin(&t, sum_of(4096), true);
        t.step = k == 3 ? 10 : 9;
        tally_trail_begin(&t, other[k], true);
        cr_assert(ne(u64, t.acts[0].signature, t.acts[1].signature), "case %d", k);
        tally_trail_close(&t);
    }
}

Test(trail, more_than_it_holds_are_forgotten_oldest_first)
{
    static tally_act acts[2 * TALLY_TRAIL_MOST];
    tally_trail t;

    tally_trail_open(&t);
    uint64_t first = tally_trail_begin(&t, sum_of(1), true);
    for (uint64_t k = 2; k <= 3 * TALLY_TRAIL_MOST; k++)
        tally_trail_end(&t, tally_trail_begin(&t, sum_of(k), true));
    tally_trail_end(&t, first); /* its place has another one now */
    cr_assert(
        eq(sz, tally_trail_recent(&t, acts, 2 * TALLY_TRAIL_MOST), TALLY_TRAIL_MOST));
    cr_assert(eq(u64, acts[0].number, 3 * TALLY_TRAIL_MOST));
    cr_assert(eq(u64, acts[TALLY_TRAIL_MOST - 1].number, 2 * TALLY_TRAIL_MOST + 1));
    cr_assert(tally_trail_age(&t) < 100);
    tally_trail_close(&t);
}

Test(trail, a_wait_and_what_is_under_way_grow_old)
{
    tally_trail t;

    tally_trail_open(&t);
    cr_assert(tally_trail_age(&t) <= 0);
    tally_trail_wait(&t, 3, 5);
    t.since = t.since - 7;
    tally_trail_wait(&t, 4, 5); /* the same wait, of something else now */
    cr_assert(tally_trail_age(&t) >= 7 && tally_trail_age(&t) < 100);
    cr_assert(eq(int, tally_trail_pause(&t).peer, 4));
    cr_assert(eq(int, tally_trail_pause(&t).tag, 5));
    tally_trail_go_on(&t);
    cr_assert(eq(int, tally_trail_pause(&t).waits, 0));
    tally_trail_wait(&t, TALLY_ANY, 0);
    cr_assert(eq(int, tally_trail_pause(&t).peer, TALLY_ANY));
    tally_trail_go_on(&t);
    uint64_t place = tally_trail_begin(&t, sum_of(1), true);
    t.acts[0].begun -= 9;
    cr_assert(tally_trail_age(&t) >= 9 && tally_trail_age(&t) < 100);
    tally_trail_end(&t, place);
    cr_assert(tally_trail_age(&t) <= 0);
    tally_trail_close(&t);
}

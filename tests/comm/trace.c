/* What a rank remembers of when it did what. */

#include "comm/trace.h"

#include "support/expect.h"

#include <math.h>

static void expect_span(const tally_trace *t, uint64_t k, const char *name,
                        double begin, double end)
{
    const tally_trace_span *s = tally_trace_at(&t->parts, k);

    cr_assert(eq(str, (char *)s->name, (char *)name), "span %d", (int)k);
    cr_assert(eq(dbl, s->begin, begin), "span %d", (int)k);
    cr_assert(eq(dbl, s->end, end), "span %d", (int)k);
}

Test(trace, parts_tile_the_time_and_gaps_have_no_name)
{
    tally_trace *t;

    expect_ok(tally_trace_open(&t, 10));
    tally_trace_step(t, 7);
    cr_assert(zero(ptr, (void *)tally_trace_turn(t, "gradient", 1)));
    tally_trace_about(t, 40);
    cr_assert(eq(str, (char *)tally_trace_turn(t, "encode", 2), "gradient"));
    tally_trace_turn(t, "decode", 2); /* nothing was encoded */
    tally_trace_turn(t, NULL, 3);
    tally_trace_turn(t, "apply", 5);
    tally_trace_turn(t, NULL, 6);
    tally_trace_add(t, "step", 1, 6);
    cr_assert(eq(u64, t->parts.count, 4));
    expect_span(t, 0, "gradient", 1, 2);
    expect_span(t, 1, "decode", 2, 3);
    expect_span(t, 2, "apply", 5, 6);
    expect_span(t, 3, "step", 1, 6);
    cr_assert(eq(u32, tally_trace_at(&t->parts, 0)->about, 41));
    cr_assert(zero(u32, tally_trace_at(&t->parts, 1)->about));
    cr_assert(eq(u64, tally_trace_step_of(t, tally_trace_at(&t->parts, 2)), 7));
    tally_trace_close(t);
}

Test(trace, steps_are_counted_beyond_32_bits)
{
    tally_trace *t;

    expect_ok(tally_trace_open(&t, 4));
    for (uint64_t step = UINT32_MAX - 1; step < UINT32_MAX + (uint64_t)2; step++) {
        tally_trace_step(t, step);
        tally_trace_add(t, "step", 1, 2);
    }
    for (uint64_t k = 0; k < 3; k++)
        cr_assert(eq(u64, tally_trace_step_of(t, tally_trace_at(&t->parts, k)),
                     UINT32_MAX - 1 + k));
    tally_trace_close(t);
}

/* Polling looks at the clock again and again. */
Test(trace, a_wait_in_many_pieces_is_one_span_inside_its_part)
{
    tally_trace *t;

    expect_ok(tally_trace_open(&t, 10));
    tally_trace_call_waits(t, "wire");
    tally_trace_turn(t, "decode", 1);
    tally_trace_about(t, 3);
    for (int i = 0; i < 20; i++)
        tally_trace_wait(t, 2 + 0.1 * i + 1e-7, 2 + 0.1 * (i + 1));
    tally_trace_wait(t, 5, 6);
    tally_trace_turn(t, NULL, 7);
    cr_assert(eq(u64, t->parts.count, 5));
    expect_span(t, 0, "decode", 1, 2 + 1e-7);
    expect_span(t, 1, "wire", 2 + 1e-7, 2 + 0.1 * 20);
    expect_span(t, 2, "decode", 2 + 0.1 * 20, 5);
    expect_span(t, 3, "wire", 5, 6);
    expect_span(t, 4, "decode", 6, 7);
    cr_assert(eq(u32, tally_trace_at(&t->parts, 4)->about, 4));
    tally_trace_close(t);
}

Test(trace, a_full_ring_keeps_the_last_spans_and_says_what_it_lost)
{
    tally_trace *t;

    expect_ok(tally_trace_open(&t, 4));
    cr_assert(zero(u64, tally_trace_first(&t->parts)));
    cr_assert(t->parts.lost == -(double)INFINITY);
    for (int k = 0; k < 10; k++)
        tally_trace_add(t, "step", k, k + 0.5);
    cr_assert(eq(u64, tally_trace_first(&t->parts), 6));
    expect_span(t, 6, "step", 6, 6.5);
    expect_span(t, 9, "step", 9, 9.5);
    cr_assert(eq(dbl, t->parts.lost, 5.5));
    tally_trace_close(t);
}

Test(trace, collectives_overlap_and_one_that_was_overwritten_ends_nowhere)
{
    tally_task tasks[3] = {
        {.what = "sum of", .unit = "values", .amount = 8},
        {.what = "sum of",     .unit = "values", .amount = 9},
        {.what = NULL}
    };
    tally_trace *t;

    expect_ok(tally_trace_open(&t, 2));
    for (int k = 0; k < 3; k++)
        tally_trace_begin(t, &tasks[k], k);
    tally_trace_end(t, &tasks[2]); /* nobody tells of it */
    tally_trace_ended(t, 3);
    tally_trace_end(t, &tasks[1]);
    cr_assert(tally_trace_at(&t->collectives, 1)->end < 0);
    tally_trace_ended(t, 4);
    tally_trace_ended(t, 4.5);
    cr_assert(eq(u64, t->collectives.count, 2));
    cr_assert(isnan(tally_trace_at(&t->collectives, 0)->end));
    cr_assert(eq(dbl, tally_trace_at(&t->collectives, 1)->end, 4));
    cr_assert(eq(u64, tally_trace_amount_at(&t->collectives, 1)->amount, 9));

    tally_trace_begin(t, &tasks[1], 5); /* takes the place of the first */
    tally_trace_end(t, &tasks[0]);
    tally_trace_ended(t, 6);
    cr_assert(isnan(tally_trace_at(&t->collectives, 2)->end));
    tally_trace_end(t, &tasks[1]);
    tally_trace_ended(t, 7);
    cr_assert(eq(dbl, tally_trace_at(&t->collectives, 2)->end, 7));
    tally_trace_close(t);
}

Test(trace, without_a_recorder_nothing_happens)
{
    tally_task task = {.what = "sum of", .unit = "values", .traced = 5};

    cr_assert(zero(ptr, (void *)tally_trace_turn(NULL, "gradient", 1)));
    tally_trace_wait(NULL, 1, 2);
    tally_trace_add(NULL, "step", 1, 2);
    tally_trace_begin(NULL, &task, 1);
    cr_assert(zero(u64, task.traced));
    tally_trace_end(NULL, &task);
    tally_trace_ended(NULL, 2);
}

#include "trainer/plan.h"

#include "num/random.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPANS_MOST = 1024 };

static tally_layout layout_of(const size_t *lengths, size_t count)
{
    tally_layout layout = {0};

    for (size_t t = 0; t < count; t++) {
        char name[32];

        snprintf(name, sizeof name, "tensor%zu", t);
        expect_ok(tally_layout_add(&layout, name, TALLY_WEIGHT, 1, &lengths[t]));
    }
    return layout;
}

/* What every plan promises: spans that are not empty tile the vector, cut on multiples
 * of 64, and are few. */
static void check_tiles(const tally_layout *layout, const tally_span *spans,
                        size_t count)
{
    size_t at = 0;

    cr_assert(le(sz, count, SPANS_MOST));
    for (size_t k = 0; k < count; k++) {
        cr_assert(eq(sz, spans[k].first, at));
        cr_assert(eq(sz, at % 64, 0));
        cr_assert(lt(sz, 0, spans[k].count));
        at += spans[k].count;
    }
    cr_assert(eq(sz, at, layout->length));
}

/* A cut is where a tensor starts, or at the next multiple of 64.  Or it is one of those
 * that cut more than twice a bucket into pieces: n pieces of more than n - 1 buckets,
 * so the one above the cut has more than two thirds of a bucket. */
static void check_cuts(const tally_layout *layout, size_t bytes,
                       const tally_span *spans, size_t count)
{
    size_t least = layout->length / 256 + 64, bucket = bytes / sizeof(tally_real);

    if (bucket < least) bucket = least;
    for (size_t k = 1; k < count; k++) {
        bool at_tensor = false;

        for (size_t t = 0; t < layout->count; t++)
            at_tensor |=
                (layout->tensors[t].span.first + 63) / 64 * 64 == spans[k].first;
        if (!at_tensor) cr_assert(ge(sz, 3 * spans[k].count, 2 * bucket));
    }
}

static void check_plan(const size_t *lengths, size_t count, size_t bytes)
{
    tally_layout layout = layout_of(lengths, count);
    tally_span *spans;
    size_t n;

    expect_ok(tally_plan(&layout, bytes, &spans, &n));
    check_tiles(&layout, spans, n);
    check_cuts(&layout, bytes, spans, n);
    if (bytes == 0) cr_assert(eq(sz, n, 1));
    free(spans);
    tally_layout_close(&layout);
}

/* Lengths from 0 to about 2^16, small ones as often as large ones. */
Test(plan, tiles_any_layout_for_any_bucket)
{
    printf("layouts are functions of seed 31\n");
    for (uint64_t round = 0; round < 2000; round++) {
        size_t lengths[24],
            count = 1 + tally_random(31, TALLY_FOR_TESTS, round, 0) % 24;
        size_t bytes = (size_t)1 << tally_random(31, TALLY_FOR_TESTS, round, 1) % 24;

        for (size_t t = 0; t < count; t++) {
            uint64_t random = tally_random(31, TALLY_FOR_TESTS, round, 2 + t);

            lengths[t] = (random >> 8) % ((size_t)1 << random % 17);
        }
        lengths[count / 2]++; /* not all of them empty */
        check_plan(lengths, count, bytes);
        check_plan(lengths, count, 0);
    }
}

Test(plan, is_one_span_without_a_bucket)
{
    check_plan((size_t[]){1}, 1, 0);
    check_plan((size_t[]){0, 0, 5000, 70}, 4, 0);
    check_plan((size_t[]){1 << 20, 64, 1 << 20}, 3, 0);
}

/* Tensors of a bucket each, all on multiples of 64: a span a tensor. */
Test(plan, starts_a_span_where_a_tensor_starts)
{
    static const size_t lengths[] = {640, 1280, 704};
    tally_layout layout = layout_of(lengths, 3);
    tally_span *spans;
    size_t n;

    expect_ok(tally_plan(&layout, 640 * sizeof(tally_real), &spans, &n));
    cr_assert(eq(sz, n, 3));
    for (size_t t = 0; t < 3; t++) {
        cr_assert(eq(sz, spans[t].first, layout.tensors[t].span.first));
        cr_assert(eq(sz, spans[t].count, layout.tensors[t].span.count));
    }
    free(spans);
    tally_layout_close(&layout);
}

/* The bias between two weights is far below a bucket: it travels with the weight that
 * the backward pass reaches after it. */
Test(plan, joins_small_tensors)
{
    static const size_t lengths[] = {1000, 10, 1000, 10};
    tally_layout layout = layout_of(lengths, 4);
    tally_span *spans;
    size_t n;

    expect_ok(tally_plan(&layout, 900 * sizeof(tally_real), &spans, &n));
    cr_assert(eq(sz, n, 2));
    cr_assert(eq(sz, spans[1].first, 1024));
    free(spans);
    tally_layout_close(&layout);
}

/* Equal pieces: all but the one at the tensor's start are equally long up to a word. */
Test(plan, cuts_a_long_tensor_into_equal_pieces)
{
    static const size_t length = 1000000;
    tally_layout layout = layout_of(&length, 1);
    tally_span *spans;
    size_t n;

    expect_ok(tally_plan(&layout, 100000 * sizeof(tally_real), &spans, &n));
    cr_assert(eq(sz, n, 10));
    for (size_t k = 1; k < n; k++) {
        cr_assert(ge(sz, spans[k].count, 100000));
        cr_assert(lt(sz, spans[k].count, 100000 + 128));
    }
    free(spans);
    tally_layout_close(&layout);
}

Test(plan, stays_below_its_limit_for_the_smallest_bucket)
{
    static const size_t length = (size_t)1 << 24;
    tally_layout layout = layout_of(&length, 1);
    tally_span *spans;
    size_t n;

    expect_ok(tally_plan(&layout, 1, &spans, &n));
    check_tiles(&layout, spans, n);
    cr_assert(lt(sz, 100, n));
    free(spans);
    tally_layout_close(&layout);
}

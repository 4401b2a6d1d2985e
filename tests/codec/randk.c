#include "codec/pass.h"
#include "support/expect.h"

enum { N = 1000, KEPT = 100 };

static tally_real v[N], back[N], other[N];
static uint64_t message[PASS_MOST];

/* Without replacement: just so many, each n / c times itself. */
static void check(const char *spec, double factor)
{
    size_t sent = 0, same = 0;

    for (size_t i = 0; i < N; i++)
        v[i] = codec_value(1, i);
    cr_assert(eq(sz, pass(spec, 1, v, N, message, back), KEPT * sizeof *v));
    for (size_t i = 0; i < N; i++) {
        if (back[i] == 0) continue;
        sent++;
        cr_assert(epsilon_eq(dbl, (double)back[i] / factor, (double)v[i], 1e-5));
    }
    cr_assert(eq(sz, sent, KEPT));
    pass(spec, 2, v, N, message, other);
    for (size_t i = 0; i < N; i++)
        same += back[i] != 0 && other[i] != 0;
    cr_assert(lt(sz, same, KEPT)); /* another step, other places */
}

Test(randk, sends_values_at_distinct_places)
{
    check("randk:k=0.1", 10);
    check("randk:k=0.1,scale=false", 1);
}

Test(randblock, sends_one_block_around_the_end)
{
    size_t edges = 0;

    check("randblock:k=0.1", 10);
    check("randblock:k=0.1,scale=false", 1);
    pass("randblock:k=0.1", 1, v, N, message, back);
    for (size_t i = 0; i < N; i++)
        edges += (back[i] != 0) != (back[(i + 1) % N] != 0);
    cr_assert(eq(sz, edges, 2));
}

/* Two pieces of one vector do not draw the same places. */
Test(randk, pieces_draw_apart)
{
    tally_piece first = {.count = N, .first = 0}, second = {.count = N, .first = N};
    size_t size, same = 0;
    tally_codec k;

    for (size_t i = 0; i < N; i++)
        v[i] = 1;
    expect_ok(tally_codec_open(&k, "randk:k=0.1", N, 1, 0));
    expect_ok(tally_codec_encode(&k, first, v, message, &size));
    expect_ok(tally_codec_decode(&k, first, message, size, back));
    expect_ok(tally_codec_decode(&k, second, message, size, other));
    for (size_t i = 0; i < N; i++)
        same += back[i] != 0 && other[i] != 0;
    cr_assert(lt(sz, same, KEPT / 2));
    tally_codec_close(&k);
}

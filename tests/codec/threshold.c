#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

enum { N = 1000 };

static tally_real v[N], back[N];
static uint64_t message[PASS_MOST];

Test(threshold, sends_what_lies_above)
{
    for (int kind = 0; kind < 5; kind++) {
        size_t above = 0;

        for (size_t i = 0; i < N; i++) {
            v[i] = codec_value(kind, i);
            above += fabs((double)v[i]) > 0.5;
        }
        size_t size = pass("threshold:threshold=0.5,most=1", 0, v, N, message, back);
        cr_assert(eq(sz, size, 8 + 4 * above + (10 * above + 7) / 8));
        for (size_t i = 0; i < N; i++) {
            double want = fabs((double)v[i]) > 0.5 ? (double)(float)v[i] : 0;

            cr_assert(eq(dbl, (double)back[i], want));
        }
    }
}

/* What goes is still all that lies above some level, and it fits. */
Test(threshold, rises_when_too_many_pass)
{
    double least = INFINITY, most = 0;
    size_t sent = 0;

    for (size_t i = 0; i < N; i++)
        v[i] = codec_value(1, i);
    pass("threshold:threshold=0.01,most=0.1", 0, v, N, message, back);
    for (size_t i = 0; i < N; i++) {
        double x = fabs((double)v[i]);

        if (back[i] != 0) sent++;
        if (back[i] != 0 && x < least) least = x;
        if (back[i] == 0 && x > most) most = x;
    }
    cr_assert(le(sz, sent, 100));
    cr_assert(lt(sz, 0, sent));
    cr_assert(lt(dbl, most, least));
}

/* Equal values pass all or none: a tenth of them goes, not nothing for ever. */
Test(threshold, something_goes_whenever_something_lies_above)
{
    for (size_t i = 0; i < N; i++)
        v[i] = (tally_real)0.05;
    pass("threshold:threshold=0.01,most=0.1", 0, v, N, message, back);
    for (size_t i = 0; i < N; i++)
        cr_assert(eq(dbl, (double)back[i], i < 100 ? (double)(float)0.05 : 0));
}

/* 1.3 times the least double is the least double. */
Test(threshold, rises_from_the_least_number_there_is)
{
    size_t sent = 0;

    for (size_t i = 0; i < N; i++)
        v[i] = codec_value(1, i);
    pass("threshold:threshold=5e-324,most=0.1", 0, v, N, message, back);
    for (size_t i = 0; i < N; i++)
        sent += back[i] != 0;
    cr_assert(sent > 0 && sent <= 100);
}

Test(threshold, refuses_a_length_that_is_not_its_own)
{
    uint64_t bytes[2] = {1};

    expect_fail(pass_back("threshold", bytes, 7, 100), FORMAT, "a message of 7 bytes");
    expect_fail(pass_back("threshold", bytes, 8, 100), FORMAT, "says it has 1 entries");
    bytes[0] = UINT64_MAX / 4;
    expect_fail(pass_back("threshold", bytes, 16, 100), FORMAT, "at most 10");
    bytes[0] = 1;
    expect_ok(pass_back("threshold", bytes, 13, 100));
}

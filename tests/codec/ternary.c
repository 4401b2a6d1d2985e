#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

enum { N = 1000, STEPS = 400 };

static tally_real v[N], back[N];
static uint64_t message[PASS_MOST];

static double deviation(void)
{
    double sum = 0;

    for (size_t i = 0; i < N; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum / N);
}

/* Each value comes up in |v| / s of the steps, with its sign; 5 deviations of a mean of
 * STEPS coins are below 5 / (2 sqrt(STEPS)). */
static void check(const char *spec, double s)
{
    static double ups[N];

    memset(ups, 0, sizeof ups);
    for (uint64_t step = 0; step < STEPS; step++) {
        cr_assert(eq(sz, pass(spec, step, v, N, message, back), 4 + N / 5));
        for (size_t i = 0; i < N; i++) {
            if (back[i] == 0) continue;
            cr_assert(
                epsilon_eq(dbl, (double)back[i], copysign(s, (double)v[i]), 1e-6 * s));
            ups[i]++;
        }
    }
    for (size_t i = 0; i < N; i++) {
        double want = fmin(1, fabs((double)v[i]) / s);

        cr_assert(epsilon_eq(dbl, ups[i] / STEPS, want, 2.5 / sqrt(STEPS)), "value %zu",
                  i);
    }
}

Test(ternary, comes_up_as_often_as_a_value_is_large)
{
    double most = 0;

    for (size_t i = 0; i < N; i++) {
        v[i] = codec_value(1, i);
        most = fmax(most, fabs((double)v[i]));
    }
    check("ternary:clip=0", most);
    check("ternary:clip=2.5", 2.5 * deviation());
}

Test(ternary, clipping_makes_it_biased)
{
    tally_codec k;

    expect_ok(tally_codec_open(&k, "ternary", 1, 1, 0));
    cr_assert(k.biased);
    tally_codec_close(&k);
    expect_ok(tally_codec_open(&k, "ternary:clip=0", 1, 1, 0));
    cr_assert(not(k.biased));
    tally_codec_close(&k);
}

/* 1.6 bits a value: 5 trits to a byte, not a byte a trit. */
Test(ternary, refuses_bytes_that_are_no_trits)
{
    uint64_t bytes = (uint64_t)243 << 32;

    expect_fail(pass_back("ternary", &bytes, 5, 5), FORMAT, "byte 0 is 243");
    bytes = (uint64_t)3 << 32;
    expect_fail(pass_back("ternary", &bytes, 5, 1), FORMAT, "beyond the 1 values");
    bytes = 0x7f800000;
    expect_fail(pass_back("ternary", &bytes, 5, 1), FORMAT, "scale 0 is inf");
}

#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

enum { N = 200, BUCKET = 64, LEVELS = 7, STEPS = 1000 };

static double norm_of(const tally_real *v, size_t i, bool greatest)
{
    size_t first = i / BUCKET * BUCKET, end = first + BUCKET < N ? first + BUCKET : N;
    double squares = 0, most = 0;

    for (size_t j = first; j < end; j++) {
        squares += (double)v[j] * (double)v[j];
        most = fmax(most, fabs((double)v[j]));
    }
    return greatest ? most : sqrt(squares);
}

/* One of the two levels beside the value, the upper as often as the value is near to
 * it. */
static void check(const char *spec, bool greatest)
{
    static tally_real v[N], back[N];
    static uint64_t message[PASS_MOST];
    static double ups[N];

    memset(ups, 0, sizeof ups);
    for (size_t i = 0; i < N; i++)
        v[i] = codec_value(1, i);
    for (uint64_t step = 0; step < STEPS; step++) {
        pass(spec, step, v, N, message, back);
        for (size_t i = 0; i < N; i++) {
            double level = norm_of(v, i, greatest) / LEVELS;
            double low = floor(fabs((double)v[i]) / level - 1e-6);
            double xi = fabs((double)back[i]) / level;
            bool up = fabs(xi - low - 1) < 1e-4;

            cr_assert(up || fabs(xi - low) < 1e-4, "value %zu at level %g", i, xi);
            cr_assert(back[i] == 0 || (back[i] < 0) == (v[i] < 0));
            ups[i] += up;
        }
    }
    for (size_t i = 0; i < N; i++) {
        double place = fabs((double)v[i]) / norm_of(v, i, greatest) * LEVELS;
        double want = place - floor(place - 1e-6);

        cr_assert(epsilon_eq(dbl, ups[i] / STEPS, want, 2.5 / sqrt(STEPS)), "value %zu",
                  i);
    }
}

Test(qsgd, takes_one_of_the_two_levels_beside_a_value)
{
    check("qsgd:levels=7,bucket=64", false);
    check("qsgd:levels=7,bucket=64,norm=inf", true);
}

Test(qsgd, seven_levels_take_four_bits)
{
    tally_codec k;

    expect_ok(tally_codec_open(&k, "qsgd", 1, 1, 0));
    cr_assert(eq(sz, tally_codec_bound(&k, 1024), 2 * 4 + 512));
    tally_codec_close(&k);
}

Test(qsgd, refuses_codes_and_norms_that_are_none)
{
    uint64_t bytes = (uint64_t)15 << 32;

    expect_fail(pass_back("qsgd", &bytes, 5, 1), FORMAT,
                "has code 15, expected 0 to 14");
    bytes = (uint64_t)0x70 << 32;
    expect_fail(pass_back("qsgd", &bytes, 5, 1), FORMAT, "beyond the 1 values");
    bytes = 0x80000001 | (uint64_t)7 << 32;
    expect_fail(pass_back("qsgd", &bytes, 5, 1), FORMAT, "scale 0 is -1");
}

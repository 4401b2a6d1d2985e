#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

static uint64_t message[PASS_MOST];

/* By the definition of binary16. */
static double value_of(unsigned h)
{
    int exponent = (int)(h >> 10 & 31);
    double fraction = h & 1023, sign = h & 0x8000 ? -1 : 1;

    if (exponent == 31) return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static unsigned code_of(double x)
{
    tally_real v = (tally_real)x, back;

    pass("fp16", 0, &v, 1, message, &back);
    return (unsigned)(message[0] & 0xffff);
}

Test(fp16, every_half_comes_back)
{
    static tally_real back[PASS_MOST];

    for (unsigned first = 0; first < 0x10000; first += PASS_MOST) {
        static uint16_t h[PASS_MOST] __attribute__((aligned(8)));
        tally_codec k;

        for (unsigned i = 0; i < PASS_MOST; i++)
            h[i] = (uint16_t)(first + i);
        expect_ok(tally_codec_open(&k, "fp16", PASS_MOST, 1, 0));
        tally_piece piece = {.count = PASS_MOST};
        expect_ok(tally_codec_decode(&k, piece, h, sizeof *h * PASS_MOST, back));
        for (unsigned i = 0; i < PASS_MOST; i++) {
            double want = value_of(first + i);

            cr_assert(isnan(want) ? isnan(back[i]) : (double)back[i] == want, "%x",
                      first + i);
        }
        tally_codec_close(&k);
    }
}

/* Between two neighbours: the even one at half-way, else the nearer. */
Test(fp16, rounds_to_nearest_even)
{
    for (unsigned h = 0; h < 0x7bff; h += h < 2000 ? 1 : 37) {
        double low = value_of(h), high = value_of(h + 1), middle = (low + high) / 2;
        double nudge = (high - low) / 64;

        cr_assert(eq(u32, code_of(low), h));
        cr_assert(eq(u32, code_of(middle), h + (h & 1)));
        cr_assert(eq(u32, code_of(middle - nudge), h));
        cr_assert(eq(u32, code_of(-middle - nudge), 0x8000 + h + 1));
    }
    cr_assert(eq(u32, code_of(65519), 0x7bff));
    cr_assert(eq(u32, code_of(65520), 0x7c00));
    cr_assert(eq(u32, code_of(-1e30), 0xfc00));
    cr_assert(eq(u32, code_of((double)NAN) & 0x7fff, 0x7e00));
}

Test(fp16, scale_moves_values_into_the_range)
{
    tally_real v = (tally_real)1e-9, plain, scaled;
    tally_codec k;

    pass("fp16", 0, &v, 1, message, &plain);
    pass("fp16:scale=1048576", 0, &v, 1, message, &scaled);
    cr_assert(eq(dbl, (double)plain, 0));
    cr_assert(epsilon_eq(dbl, (double)scaled, 1e-9, 1e-9 * 0x1p-11));
    expect_fail(tally_codec_open(&k, "fp16:scale=1000", 1, 1, 0), OPTION,
                "scale=1000 is not a power of two");
    tally_codec_close(&k);
}

#include "tally/codec.h"

#include "support/expect.h"

#include <math.h>

/* From the definition: of the two neighbours with 8 bits, the nearer; at half-way the
 * one whose last bit is clear. */
static double nearest(double x)
{
    int e;
    double m = frexp(fabs(x), &e) * 256; /* in [128, 256) */
    double down = floor(m), rest = m - down;

    if (rest > 0.5 || (rest == 0.5 && fmod(down, 2) == 1)) down++;
    return copysign(ldexp(down, e - 8), x);
}

static double there_and_back(double x)
{
    tally_real v = (tally_real)x;
    uint64_t room;
    tally_codec k;

    expect_ok(tally_codec_open(&k, "bf16", 1, 1, 0));
    expect_ok(tally_codec_round(&k, (tally_piece){.count = 1}, &v, &room));
    tally_codec_close(&k);
    return (double)v;
}

Test(bf16, rounds_to_nearest_even)
{
    /* 1 + 2^-8 is half-way and 1 even; 1 + 3 2^-8 is half-way and 1 + 2^-7 odd. */
    cr_assert(eq(dbl, there_and_back(1 + 0x1p-8), 1));
    cr_assert(eq(dbl, there_and_back(1 + 3 * 0x1p-8), 1 + 0x1p-6));
    cr_assert(eq(dbl, there_and_back(1 + 0x1p-8 + 0x1p-20), 1 + 0x1p-7));
    for (int i = 1; i < 2000; i++) {
        double x = (double)(float)(i * 0.37 * pow(-10, i % 30 - 15));

        cr_assert(eq(dbl, there_and_back(x), nearest(x)), "%g", x);
    }
}

Test(bf16, specials_stay_what_they_are)
{
    cr_assert(isnan(there_and_back((double)NAN)) != 0);
    cr_assert(eq(dbl, there_and_back(-(double)INFINITY), -(double)INFINITY));
    cr_assert(isinf(there_and_back(3.4e38)) != 0); /* above the greatest bf16 */
    cr_assert(signbit(there_and_back(-0.0)) != 0);
}

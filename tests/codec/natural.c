#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

enum { N = 200, STEPS = 1000 };

Test(natural, takes_the_power_of_two_below_or_above)
{
    static tally_real v[N], back[N];
    static uint64_t message[PASS_MOST];
    static double ups[N];

    for (size_t i = 0; i < N; i++)
        v[i] = codec_value(1, i);
    for (uint64_t step = 0; step < STEPS; step++) {
        cr_assert(eq(sz, pass("natural", step, v, N, message, back), N * 9 / 8));
        for (size_t i = 0; i < N; i++) {
            int e;

            frexp((double)v[i], &e); /* 2^(e-1) <= |v| < 2^e */
            double low = copysign(ldexp(0.5, e), (double)v[i]);

            bool beside = (double)back[i] == low || (double)back[i] == 2 * low;

            cr_assert(beside);
            ups[i] += (double)back[i] == 2 * low;
        }
    }
    for (size_t i = 0; i < N; i++) {
        int e;
        double want = 2 * fabs(frexp((double)v[i], &e)) - 1;

        cr_assert(epsilon_eq(dbl, ups[i] / STEPS, want, 2.5 / sqrt(STEPS)), "value %zu",
                  i);
    }
}

Test(natural, powers_zero_and_the_greatest_stay)
{
    const tally_real v[] = {
        1, -2, (tally_real)0x1p-100, 0, (tally_real)1.5e38, (tally_real)3e38};
    tally_real back[6];
    uint64_t message[PASS_MOST];

    for (uint64_t step = 0; step < 50; step++) {
        pass("natural", step, v, 6, message, back);
        cr_assert(memcmp(back, v, 4 * sizeof *v) == 0);
        bool beside = (double)back[4] == 0x1p126 || (double)back[4] == 0x1p127;

        cr_assert(beside);
        cr_assert(eq(dbl, (double)back[5], 0x1p127));
    }
}

Test(natural, refuses_what_is_not_finite)
{
    const uint64_t bytes = 0x1ff;

    expect_fail(pass_back("natural", &bytes, 2, 1), FORMAT, "value 0 is not finite");
}

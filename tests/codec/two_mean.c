#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

enum { N = 300, BLOCK = 128 };

Test(two_mean, each_side_becomes_its_mean)
{
    tally_real v[N], back[N];
    uint64_t message[PASS_MOST];

    for (size_t i = 0; i < N; i++)
        v[i] = codec_value(1, i) + (tally_real)0.3;
    cr_assert(eq(sz, pass("two_mean:block=128", 0, v, N, message, back), 40 + 24));
    for (size_t i = 0; i < N; i++) {
        size_t first = i / BLOCK * BLOCK, end = first + BLOCK < N ? first + BLOCK : N;
        double sum = 0, same = 0;

        for (size_t j = first; j < end; j++) {
            if ((v[j] < 0) != (v[i] < 0)) continue;
            sum += (double)v[j];
            same++;
        }
        cr_assert(epsilon_eq(dbl, (double)back[i], sum / same, 1e-6), "value %zu", i);
    }
}

Test(two_mean, refuses_a_mean_on_the_wrong_side)
{
    uint64_t message[2] = {1};
    float mean[2] = {1, 1};

    memcpy(&message[1], mean, sizeof mean);
    expect_fail(pass_back("two_mean", message, 16, 1), FORMAT, "scale 0 is -1");
}

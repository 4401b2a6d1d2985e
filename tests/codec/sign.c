#include "tally/codec.h"

#include "codec/specs.h"
#include "support/expect.h"

#include <math.h>

enum { N = 300, BLOCK = 128 };

/* By the definition, block by block, in double. */
static void check(const char *spec, bool norm)
{
    tally_real v[N], back[N];
    uint64_t room[N];
    tally_codec k;

    expect_ok(tally_codec_open(&k, spec, N, 1, 0));
    for (size_t i = 0; i < N; i++)
        back[i] = v[i] = i % 7 ? codec_value(1, i) : (tally_real)-0.0;
    expect_ok(tally_codec_round(&k, (tally_piece){.count = N}, back, room));
    for (size_t first = 0; first < N; first += BLOCK) {
        size_t end = first + BLOCK < N ? first + BLOCK : N;
        double sum = 0;

        for (size_t i = first; i < end; i++)
            sum += norm ? (double)v[i] * (double)v[i] : fabs((double)v[i]);
        double scale = sum / (double)(end - first);
        if (norm) scale = sqrt(scale);
        for (size_t i = first; i < end; i++) {
            double want = v[i] < 0 ? -scale : scale;

            cr_assert(epsilon_eq(dbl, (double)back[i], want, 1e-6 * scale), "value %zu",
                      i);
        }
    }
    tally_codec_close(&k);
}

Test(sign, sends_signs_and_the_mean_of_each_block)
{
    check("sign:block=128", false);
}

Test(sign, sends_signs_and_the_norm_of_each_block)
{
    check("sign:block=128,scale=norm", true);
}

/* The mean is the best scale there is: a step either way makes the error greater. */
Test(sign, the_mean_is_the_least_squares_scale)
{
    tally_real v[N];
    double best = 0, less = 0, more = 0, mean = 0;

    for (size_t i = 0; i < N; i++) {
        v[i] = codec_value(1, i);
        mean += fabs((double)v[i]) / N;
    }
    tally_real back[N];
    uint64_t room[N];
    tally_codec k;

    memcpy(back, v, sizeof v);
    expect_ok(tally_codec_open(&k, "sign", N, 1, 0));
    expect_ok(tally_codec_round(&k, (tally_piece){.count = N}, back, room));
    for (size_t i = 0; i < N; i++) {
        double off = fabs((double)v[i]) - fabs((double)back[i]);
        double down = fabs((double)v[i]) - 0.99 * mean;
        double up = fabs((double)v[i]) - 1.01 * mean;

        best += off * off;
        less += down * down;
        more += up * up;
    }
    cr_assert(best < less && best < more);
    tally_codec_close(&k);
}

/* One bit, not one byte, a sign: 25,557,032 values in blocks of 4096. */
Test(sign, a_sign_takes_one_bit)
{
    tally_codec k;

    expect_ok(tally_codec_open(&k, "sign", 1, 1, 0));
    cr_assert(eq(sz, tally_codec_bound(&k, 25557032), 8 * 399329 + 4 * 6240));
    tally_codec_close(&k);
}

Test(sign, refuses_scales_and_bits_that_are_none)
{
    tally_real v[3] = {1, 2, (tally_real)NAN};
    uint64_t room[2];
    size_t size;
    float scale = -1;
    tally_codec k;
    tally_piece piece = {.count = 3};

    expect_ok(tally_codec_open(&k, "sign", 3, 1, 0));
    expect_ok(tally_codec_encode(&k, piece, v, room, &size));
    cr_assert(eq(sz, size, 12));
    expect_fail(tally_codec_decode(&k, piece, room, size, v), FORMAT,
                "codec sign: scale 0 is nan");
    memcpy(&room[1], &scale, sizeof scale);
    expect_fail(tally_codec_decode(&k, piece, room, size, v), FORMAT, "scale 0 is -1");
    memset(&room[1], 0, sizeof scale);
    room[0] |= 8;
    expect_fail(tally_codec_decode(&k, piece, room, size, v), FORMAT,
                "bits are set beyond the 3 values");
    tally_codec_close(&k);
}

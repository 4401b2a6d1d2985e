#include "tally/codec.h"

#include "codec/specs.h"
#include "support/expect.h"

Test(fp32, values_are_the_nearest_floats)
{
    tally_real v[100];
    float bytes[100] __attribute__((aligned(8)));
    size_t size;
    tally_codec k;

    expect_ok(tally_codec_open(&k, "fp32", 100, 1, 0));
    for (size_t i = 0; i < 100; i++)
        v[i] = codec_value(1, i);
    v[99] = (tally_real)-0.0;
    expect_ok(tally_codec_encode(&k, (tally_piece){.count = 100}, v, bytes, &size));
    for (size_t i = 0; i < 100; i++) {
        float want = (float)v[i];

        cr_assert(memcmp(&bytes[i], &want, sizeof want) == 0, "value %zu", i);
    }
    tally_codec_close(&k);
}

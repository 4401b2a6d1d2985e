#include "codec/pass.h"

#include "support/expect.h"

size_t pass(const char *spec, uint64_t step, const tally_real *v, size_t n,
            void *message, tally_real *back)
{
    tally_piece piece = {.step = step, .count = n};
    size_t size;
    tally_codec k;

    expect_ok(tally_codec_open(&k, spec, n, 1, 0));
    cr_assert(le(sz, tally_codec_bound(&k, n), 8 * PASS_MOST));
    expect_ok(tally_codec_encode(&k, piece, v, message, &size));
    expect_ok(tally_codec_decode(&k, piece, message, size, back));
    tally_codec_close(&k);
    return size;
}

tally_status pass_back(const char *spec, const void *message, size_t size, size_t n)
{
    static tally_real back[PASS_MOST];
    tally_codec k;

    expect_ok(tally_codec_open(&k, spec, n, 1, 0));
    tally_status status =
        tally_codec_decode(&k, (tally_piece){.count = n}, message, size, back);
    tally_codec_close(&k);
    return status;
}

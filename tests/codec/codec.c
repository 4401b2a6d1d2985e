#include "tally/codec.h"

#include "support/expect.h"

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return count;
}

static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return 1;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    (void)k, (void)v;
    memset(bytes, 0, piece.count);
    *size = piece.count;
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    (void)k, (void)bytes, (void)size;
    for (size_t i = 0; i < piece.count; i++)
        v[i] = 0;
    return TALLY_OK;
}

static const tally_codec_ops silence = {
    .about = {.name = "silence", .brief = "nothing at length", .paper = ""},
    .bytes = "n",
    .biased = true,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

Test(codec, a_program_adds_its_own)
{
    static const tally_codec_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };
    tally_real v[] = {1, 2, 3};
    uint64_t room[1];
    tally_codec k;

    expect_ok(tally_register_codec(&silence));
    expect_fail(tally_register_codec(&silence), OPTION,
                "codec silence is already there");
    expect_fail(tally_register_codec(&empty), OPTION, "codec empty lacks bytes");
    expect_ok(tally_codec_open(&k, "silence", 3, 1, 0));
    expect_ok(tally_codec_round(&k, (tally_piece){.count = 3}, v, room));
    cr_assert(eq(int, (int)v[2], 0));
    tally_codec_close(&k);
}

Test(codec, what_makes_no_sense_is_refused)
{
    tally_codec k;
    uint64_t bytes[4] = {0};
    tally_real v[3];

    expect_fail(tally_codec_open(&k, "gird", 3, 1, 0), OPTION, "did you mean grid?");
    tally_codec_close(&k);
    expect_ok(tally_codec_open(&k, "fp32", 3, 1, 0));
    expect_fail(tally_codec_decode(&k, (tally_piece){.count = 3}, bytes, 8, v), FORMAT,
                "codec fp32: a message of 8 bytes for 3 values, expected 12");
    tally_codec_close(&k);
}

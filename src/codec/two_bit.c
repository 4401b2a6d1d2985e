/* two_bit.c — a fixed step up, down or none: two bits a value.
 *
 *     Q(v_i) = t   where v_i >= t,    -t where v_i <= -t,    0 elsewhere
 *
 * Strom, Scalable Distributed DNN Training Using Commodity GPU Cloud Computing, 2015,
 * with a dense message, as MXNet's gradient compression (threshold 0.5 there).  What is
 * not said stays in the error memory until it reaches t: without error feedback a small
 * value never moves.  NaN says nothing.
 *
 * Message: 2 bits a value, 1 = t, 2 = -t.  Nothing scales with v: t must suit it.  The
 * error of a value is at most the value, so the distortion is 1. */

#include "codec/codec.h"
#include "codec/pack.h"

typedef struct codec_two_bit {
    double threshold;
} codec_two_bit;

static const tally_option options[] = {
    TALLY_OPTION(REAL, codec_two_bit, threshold, "0.5", "(0, inf)",
                 "the step that is sent, and what a value must reach"),
    TALLY_END,
};

enum { UP = 1, DOWN = 2, BITS = 2 };

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return tally_packed_bytes(count, BITS);
}

static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return 1;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const tally_real t = (tally_real)((const codec_two_bit *)k->options)->threshold;
    unsigned char *to = bytes;
    uint16_t code[TALLY_CHUNK];

    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        for (size_t i = 0; i < n; i++)
            code[i] = (uint16_t)(UP * (v[at + i] >= t) + DOWN * (v[at + i] <= -t));
        tally_pack_codes(code, n, BITS, to + tally_packed_bytes(at, BITS));
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const tally_real t = (tally_real)((const codec_two_bit *)k->options)->threshold;
    const unsigned char *from = bytes;
    uint16_t code[TALLY_CHUNK];

    (void)size;
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_unpack_codes(from + tally_packed_bytes(at, BITS), n, BITS, code);
        size_t bad = tally_code_beyond(code, n, DOWN);
        if (bad < n)
            return TALLY_FAIL(FORMAT,
                              "codec two_bit: value %zu has code 3, expected "
                              "0 to 2",
                              at + bad);
        for (size_t i = 0; i < n; i++)
            v[at + i] = code[i] == UP ? t : code[i] == DOWN ? -t : 0;
    }
    if (!tally_packed_clear(from, piece.count, BITS))
        return TALLY_FAIL(FORMAT, "codec two_bit: bits are set beyond the %zu values",
                          piece.count);
    return TALLY_OK;
}

const tally_codec_ops tally_codec_two_bit = {
    .about = {.name = "two_bit",
              .brief = "a fixed step up, down or none, 2 bits a value",
              .paper = "Strom 2015; MXNet",
              .options = options,
              .options_size = sizeof(codec_two_bit)},
    .bytes = "ceil(n / 4)",
    .biased = true,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

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

enum { NOTHING, UP, DOWN };

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return tally_packed_bytes(count, 2);
}

static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return 1;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const codec_two_bit *o = k->options;
    const tally_real t = (tally_real)o->threshold;
    tally_packer packer = {.to = bytes};

    for (size_t i = 0; i < piece.count; i++)
        tally_pack(&packer, v[i] >= t ? UP : v[i] <= -t ? DOWN : NOTHING, 2);
    tally_pack_end(&packer);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const codec_two_bit *o = k->options;
    const tally_real level[] = {0, (tally_real)o->threshold, -(tally_real)o->threshold};
    tally_unpacker unpacker = {.from = bytes};

    (void)size;
    for (size_t i = 0; i < piece.count; i++) {
        uint64_t code = tally_unpack(&unpacker, 2);

        if (code > DOWN)
            return TALLY_FAIL(FORMAT,
                              "codec two_bit: value %zu has code 3, expected "
                              "0 to 2",
                              i);
        v[i] = level[code];
    }
    if (!tally_unpack_ended(&unpacker))
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

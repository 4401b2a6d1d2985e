/* fp16.c — half precision: 11 bits of a value, within a narrow range.
 *
 *     v_i -> the binary16 nearest to v_i, ties to even
 *
 * IEEE 754 binary16: 6.1e-5 to 65504 at 11 bits, below that in steps of 2^-24, above it
 * infinity.  Micikevicius et al., Mixed Precision Training, 2017, arXiv:1710.03740,
 * scale a loss into that range; `scale` multiplies before rounding and divides after.
 * 2 bytes a value.  An infinity or NaN stays one and is numbers to the receiver. */

#include "codec/codec.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct codec_fp16 {
    double scale;
} codec_fp16;

static const tally_option options[] = {
    TALLY_OPTION(REAL, codec_fp16, scale, "1", "(0, inf)",
                 "what values are multiplied by on the way; a power of two"),
    TALLY_END,
};

static tally_status open(tally_codec *k)
{
    double scale = ((const codec_fp16 *)k->options)->scale;
    int exponent;

    if (frexp(scale, &exponent) != 0.5 || exponent < -100 || exponent > 100)
        return TALLY_FAIL(
            OPTION, "codec fp16: scale=%g is not a power of two within 2^100", scale);
    return TALLY_OK;
}

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return count * sizeof(uint16_t);
}

/* No promise for what falls out of the range; within it 2^-11 of the value. */
static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return (double)INFINITY;
}

static uint32_t bits_of(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float x;

    memcpy(&x, &u, sizeof x);
    return x;
}

/* a or b, and both are computed: a loop over values has no branch. */
static uint32_t choose(bool which, uint32_t a, uint32_t b)
{
    uint32_t mask = -(uint32_t)which;

    return (a & mask) | (b & ~mask);
}

/* plain: the exponent moves from bias 127 to bias 15; 13 bits of the fraction go.  A
 * sum with half of what they can hold, less one, plus the last bit kept, rounds to even
 * and carries into the exponent as it should.
 *
 * small: below 2^-14 the steps are 2^-24, those of floats from 1/2 on: a sum with 1/2
 * rounds to even. */
static uint16_t narrow(float x)
{
    uint32_t u = bits_of(x) & 0x7fffffff, sign = bits_of(x) >> 16 & 0x8000;
    uint32_t plain = (u + 0xfff + (u >> 13 & 1) - 0x38000000) >> 13;
    uint32_t small = bits_of(float_of(u) + 0.5f) - 0x3f000000;
    uint32_t h = choose(u < 0x38800000, small, plain);

    h = choose(u >= 0x477ff000, 0x7c00, h); /* 65520 rounds to infinity */
    h = choose(u > 0x7f800000, 0x7e00, h);
    return (uint16_t)(sign | h);
}

static float widen(uint16_t half)
{
    uint32_t h = half, magnitude = h & 0x7fff, sign = (h & 0x8000) << 16;
    uint32_t plain = (magnitude << 13) + 0x38000000;
    uint32_t small = bits_of((float)(int32_t)magnitude * 0x1p-24f);
    uint32_t u = choose(magnitude < 0x0400, small, plain);

    u = choose(magnitude >= 0x7c00, magnitude << 13 | 0x7f800000, u);
    return float_of(sign | u);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const float scale = (float)((const codec_fp16 *)k->options)->scale;
    uint16_t *to = bytes;

    for (size_t i = 0; i < piece.count; i++)
        to[i] = narrow((float)v[i] * scale);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const float back = (float)(1 / ((const codec_fp16 *)k->options)->scale);
    const uint16_t *from = bytes;

    (void)size;
    for (size_t i = 0; i < piece.count; i++)
        v[i] = (tally_real)(widen(from[i]) * back);
    return TALLY_OK;
}

const tally_codec_ops tally_codec_fp16 = {
    .about = {.name = "fp16",
              .brief = "half precision, rounded to even",
              .paper = "IEEE 754 binary16; Micikevicius et al. 2017, arXiv:1710.03740",
              .options = options,
              .options_size = sizeof(codec_fp16)},
    .bytes = "2 n",
    .open = open,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

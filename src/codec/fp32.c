/* fp32.c — single precision: what training computes in, as it is.
 *
 *     v_i -> the float nearest to v_i
 *
 * IEEE 754 binary32.  4 bytes a value.  Exact where tally_real is float; else rounded
 * to nearest, ties to even.  The reference that other codecs are measured against. */

#include "codec/codec.h"

#include <string.h>

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return count * sizeof(float);
}

/* Rounding to 24 bits moves a value by at most 2^-24 of itself. */
static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return sizeof(tally_real) == sizeof(float) ? 0 : 0x1p-48;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    float *to = bytes;

    for (size_t i = 0; i < piece.count; i++)
        to[i] = (float)v[i];
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const float *from = bytes;

    (void)k, (void)size;
    for (size_t i = 0; i < piece.count; i++)
        v[i] = (tally_real)from[i];
    return TALLY_OK;
}

const tally_codec_ops tally_codec_fp32 = {
    .about = {.name = "fp32",
              .brief = "single precision, as it is",
              .paper = "IEEE 754 binary32"},
    .bytes = "4 n",
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

/* bf16.c — the upper half of a float: its range, and 8 bits of its precision.
 *
 *     u -> (u + 0x7fff + (u >> 16 & 1)) >> 16,   u: the bits of the float
 *
 * Round to nearest, ties to even; a NaN stays one (its payload is made quiet first, or
 * rounding would carry it into infinity).  2 bytes a value; no loss scaling needed,
 * since the range is that of float.  Kalamkar et al., A Study of BFLOAT16 for Deep
 * Learning Training, 2019, arXiv:1905.12322.  Sums are the caller's, in full precision.
 */

#include "codec/codec.h"

#include <math.h>
#include <string.h>

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return count * sizeof(uint16_t);
}

/* Half a unit in the last of 8 bits: 2^-9 of the value at most, and of a value that is
 * rounded to float first a little more. */
static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return sizeof(tally_real) == sizeof(float) ? 0x1p-18 : 0x1.00001p-18;
}

static uint16_t narrow(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    if (isnan(x)) return (uint16_t)(u >> 16 | 0x40);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    uint16_t *to = bytes;

    for (size_t i = 0; i < piece.count; i++)
        to[i] = narrow((float)v[i]);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const uint16_t *from = bytes;

    (void)k, (void)size;
    for (size_t i = 0; i < piece.count; i++) {
        uint32_t u = (uint32_t)from[i] << 16;
        float x;

        memcpy(&x, &u, sizeof x);
        v[i] = (tally_real)x;
    }
    return TALLY_OK;
}

const tally_codec_ops tally_codec_bf16 = {
    .about = {.name = "bf16",
              .brief = "the upper half of a float, rounded to even",
              .paper = "Kalamkar et al. 2019, arXiv:1905.12322"},
    .bytes = "2 n",
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

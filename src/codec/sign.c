/* sign.c — one bit a value, and a scale for each block of them.
 *
 *     Q(v) = scale_b sign(v)
 *     scale=mean   |v_b|_1 / n_b          the least-squares optimum
 *     scale=norm   |v_b|_2 / sqrt(n_b)    never less than it
 *
 * Karimireddy, Rebjock, Stich, Jaggi, Error Feedback Fixes SignSGD and other Gradient
 * Compression Schemes, 2019, arXiv:1901.09847, section 3; scale=norm is what 1-bit Adam
 * sends (Tang et al. 2021, arXiv:2102.02888, as released).  sign(0) = +1, and so is
 * that of -0.0 and NaN.  Biased: wants error feedback.
 *
 * Message: the signs in words of 64 (set = negative, the rest of the last word clear),
 * then a float for each block.  In a block of n values the mean keeps |v|_1^2 / (n
 * |v|_2^2) >= 1/n of the square; the norm may overshoot, up to twice the square. */

#include "codec/codec.h"
#include "num/bits.h"

#include <math.h>
#include <stddef.h>

typedef struct codec_sign {
    uint64_t block;
    int scale;
} codec_sign;

enum { MEAN, NORM };

static const tally_option options[] = {
    TALLY_OPTION(COUNT, codec_sign, block, "4096", "[1, 1e12]",
                 "values that share a scale"),
    TALLY_OPTION(CHOICE, codec_sign, scale, "mean", "mean|norm",
                 "mean of absolute values, or root of the mean square"),
    TALLY_END,
};

static size_t block_of(const tally_codec *k)
{
    return (size_t)((const codec_sign *)k->options)->block;
}

static size_t bound(const tally_codec *k, size_t count)
{
    size_t blocks = (count - 1) / block_of(k) + 1;

    return tally_bits_words(count) * sizeof(uint64_t) + blocks * sizeof(float);
}

static double distortion(const tally_codec *k, size_t count)
{
    const codec_sign *o = k->options;
    size_t n = count < block_of(k) ? count : block_of(k);

    /* The scale is rounded to float: 1e-6 of the square covers it. */
    if (o->scale == MEAN) return 1 - 1 / (double)n + 1e-6;
    return 2 * (1 - 1 / sqrt((double)n)) + 1e-6;
}

static double scale_of(const codec_sign *o, const tally_real *v, size_t n)
{
    double sum = 0;

    if (o->scale == MEAN) {
        for (size_t i = 0; i < n; i++)
            sum += fabs((double)v[i]);
        return sum / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum / (double)n);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    uint64_t *bits = bytes;
    size_t words = tally_bits_words(piece.count), block = block_of(k);
    float *scale = (float *)(bits + words);

    tally_bits_pack(v, (tally_span){0, piece.count}, bits);
    tally_bits_trim(bits, piece.count);
    for (size_t at = 0; at < piece.count; at += block) {
        size_t n = piece.count - at < block ? piece.count - at : block;

        *scale++ = (float)scale_of(k->options, v + at, n);
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const uint64_t *bits = bytes;
    size_t words = tally_bits_words(piece.count), block = block_of(k);
    const float *scale = (const float *)(bits + words);

    (void)size;
    if (piece.count % 64 && bits[words - 1] >> piece.count % 64)
        return TALLY_FAIL(FORMAT, "codec sign: bits are set beyond the %zu values",
                          piece.count);
    for (size_t at = 0, b = 0; at < piece.count; at += block, b++) {
        size_t end = piece.count - at < block ? piece.count : at + block;

        TALLY_TRY(tally_codec_check_scale(k, b, (double)scale[b]));
        for (size_t i = at; i < end; i++)
            v[i] = (tally_real)(bits[i / 64] >> i % 64 & 1 ? -scale[b] : scale[b]);
    }
    return TALLY_OK;
}

const tally_codec_ops tally_codec_sign = {
    .about = {.name = "sign",
              .brief = "one bit a value, and a scale for each block",
              .paper = "Karimireddy et al. 2019, arXiv:1901.09847",
              .options = options,
              .options_size = sizeof(codec_sign)},
    .bytes = "8 ceil(n / 64) + 4 ceil(n / block)",
    .biased = true,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

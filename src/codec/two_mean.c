/* two_mean.c — one bit a value: which side of zero, and the mean of each side.
 *
 *     Q(v_i) = mean of the block's v_j < 0     where v_i < 0
 *              mean of the others              elsewhere
 *
 * Seide, Fu, Droppo, Li, Yu, 1-Bit Stochastic Gradient Descent and its Application to
 * Data-Parallel Distributed Training of Speech DNNs, 2014, section 3.2, as CNTK does it
 * with its threshold at 0; there a block is a column of a weight matrix.  Biased in
 * each value, though the mean of a block is kept: the paper's error feedback is the
 * exchange's.  NaN counts as not negative, and spoils the mean of its side.
 *
 * Message: the sides in words of 64 (set = negative), then two floats for each block,
 * the mean below and the mean above.  The error is the scatter within the sides, at
 * most that about zero: distortion 1 - 1 / block, as for `sign`. */

#include "codec/codec.h"
#include "num/bits.h"

#include <math.h>
#include <stddef.h>

typedef struct codec_two_mean {
    uint64_t block;
} codec_two_mean;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, codec_two_mean, block, "1024", "[1, 1e12]",
                 "values that share the two means"),
    TALLY_END,
};

static size_t block_of(const tally_codec *k)
{
    return (size_t)((const codec_two_mean *)k->options)->block;
}

static size_t bound(const tally_codec *k, size_t count)
{
    size_t blocks = (count - 1) / block_of(k) + 1;

    return tally_bits_words(count) * sizeof(uint64_t) + 2 * blocks * sizeof(float);
}

/* Two means fit no worse than one magnitude with a sign; 1e-6 covers rounding. */
static double distortion(const tally_codec *k, size_t count)
{
    size_t n = count < block_of(k) ? count : block_of(k);

    return 1 - 1 / (double)n + 1e-6;
}

static void means(const tally_real *v, size_t n, float mean[2])
{
    double below = 0, above = 0;
    size_t negative = 0;

    for (size_t i = 0; i < n; i++) {
        if (v[i] < 0) {
            below += (double)v[i];
            negative++;
        } else {
            above += (double)v[i];
        }
    }
    mean[0] = negative ? (float)(below / (double)negative) : 0;
    mean[1] = negative < n ? (float)(above / (double)(n - negative)) : 0;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    uint64_t *bits = bytes;
    size_t block = block_of(k);
    float *mean = (float *)(bits + tally_bits_words(piece.count));

    tally_bits_pack(v, (tally_span){0, piece.count}, bits);
    tally_bits_trim(bits, piece.count);
    for (size_t at = 0; at < piece.count; at += block, mean += 2)
        means(v + at, piece.count - at < block ? piece.count - at : block, mean);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const uint64_t *bits = bytes;
    size_t words = tally_bits_words(piece.count), block = block_of(k);
    const float *mean = (const float *)(bits + words);

    (void)size;
    if (piece.count % 64 && bits[words - 1] >> piece.count % 64)
        return TALLY_FAIL(FORMAT, "codec two_mean: bits are set beyond the %zu values",
                          piece.count);
    for (size_t at = 0, b = 0; at < piece.count; at += block, b++, mean += 2) {
        size_t end = piece.count - at < block ? piece.count : at + block;

        TALLY_TRY(tally_codec_check_scale(k, b, -(double)mean[0]));
        TALLY_TRY(tally_codec_check_scale(k, b, (double)mean[1]));
        for (size_t i = at; i < end; i++)
            v[i] = (tally_real)(bits[i / 64] >> i % 64 & 1 ? mean[0] : mean[1]);
    }
    return TALLY_OK;
}

const tally_codec_ops tally_codec_two_mean = {
    .about = {.name = "two_mean",
              .brief = "one bit a value, and the mean of either side of zero",
              .paper = "Seide et al. 2014 (CNTK's 1-bit SGD)",
              .options = options,
              .options_size = sizeof(codec_two_mean)},
    .bytes = "8 ceil(n / 64) + 8 ceil(n / block)",
    .biased = true,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

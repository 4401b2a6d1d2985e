/* ternary.c — -s, 0 or s by a coin, five values to a byte.
 *
 *     v' = v clipped to [-c sigma, c sigma],   sigma^2 = mean of v^2 in the block
 *     s  = max |v'|
 *     Q(v_i) = s sign(v_i) with probability |v'_i| / s, else 0
 *
 * Wen, Xu, Yan, Wu, Wang, Chen, Li, TernGrad: Ternary Gradients to Reduce Communication
 * in Distributed Deep Learning, 2017, arXiv:1705.07878, equations 1 to 4 and 15; there
 * a block is a layer and sigma is taken about the mean.  Unbiased when clip=0; clipping
 * biases what it cuts.  NaN becomes 0 and spoils s.
 *
 * Message: a float s for each block, then bytes of five trits, the first lowest:
 * t0 + 3 t1 + 9 t2 + 27 t3 + 81 t4 < 243, trit 0 = nothing, 1 = s, 2 = -s.
 *
 * Without clipping the variance of a block of n is s |v|_1 - |v|^2 <= (sqrt(n) - 1) / 2
 * times |v|^2. */

#include "codec/codec.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct codec_ternary {
    double clip;
    uint64_t block;
} codec_ternary;

static const tally_option options[] = {
    TALLY_OPTION(REAL, codec_ternary, clip, "2.5", "[0, inf)",
                 "deviations that values are clipped to; 0: not clipped"),
    TALLY_OPTION(COUNT, codec_ternary, block, "1024", "[1, 1e12]",
                 "values that share a scale"),
    TALLY_END,
};

enum { TRITS = 5 };

static size_t block_of(const tally_codec *k)
{
    return (size_t)((const codec_ternary *)k->options)->block;
}

static size_t blocks_of(const tally_codec *k, size_t count)
{
    return (count - 1) / block_of(k) + 1;
}

static tally_status open(tally_codec *k)
{
    k->biased = ((const codec_ternary *)k->options)->clip > 0;
    return TALLY_OK;
}

static size_t bound(const tally_codec *k, size_t count)
{
    return blocks_of(k, count) * sizeof(float) + (count - 1) / TRITS + 1;
}

static double distortion(const tally_codec *k, size_t count)
{
    size_t n = count < block_of(k) ? count : block_of(k);

    if (k->biased) return (double)INFINITY;
    return (sqrt((double)n) - 1) / 2 + 1e-6;
}

static double scale_of(const codec_ternary *o, const tally_real *v, size_t n)
{
    double squares = 0, most = 0;

    for (size_t i = 0; i < n; i++) {
        double x = fabs((double)v[i]);

        squares += x * x;
        most = x <= most || isnan(most) ? most : x; /* a NaN stays */
    }
    double sigma = sqrt(squares / (double)n);

    return o->clip > 0 && most > o->clip * sigma ? o->clip * sigma : most;
}

/* A value beyond s comes up every time: that is the clipping. */
static void toss(const tally_real *v, const uint32_t *coin, size_t n, double s,
                 unsigned char *trit)
{
    int32_t up[TALLY_CHUNK];

    for (size_t i = 0; i < n; i++)
        up[i] = tally_codec_uniform(coin[i]) * s < fabs((double)v[i]);
    for (size_t i = 0; i < n; i++)
        trit[i] = (unsigned char)(v[i] < 0 ? 2 * up[i] : up[i]);
}

/* n trits into ceil(n / 5) bytes; trits are 0 up to the next multiple of five. */
static void pack(const unsigned char *trit, size_t n, unsigned char *to)
{
    for (size_t j = 0; j < (n + TRITS - 1) / TRITS; j++) {
        unsigned trits = 0;

        for (size_t t = TRITS; t > 0; t--)
            trits = 3 * trits + trit[j * TRITS + t - 1];
        to[j] = (unsigned char)trits;
    }
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const size_t block = block_of(k), blocks = blocks_of(k, piece.count);
    float *scale = bytes;
    unsigned char *to = (unsigned char *)(scale + blocks), trit[TALLY_CHUNK];
    uint32_t coin[TALLY_CHUNK];

    for (size_t b = 0; b < blocks; b++)
        scale[b] =
            (float)scale_of(k->options, v + b * block,
                            tally_codec_run(b * block, piece.count - b * block, block));
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_codec_coins(k, piece, at, n, coin);
        for (size_t i = 0, run; i < n; i += run) {
            run = tally_codec_run(at + i, n - i, block);
            toss(v + at + i, coin + i, run, (double)scale[(at + i) / block], trit + i);
        }
        memset(trit + n, 0, TALLY_CHUNK - n);
        pack(trit, n, to + at / TRITS);
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static void unpack(const unsigned char *from, size_t n, unsigned char *trit)
{
    for (size_t i = 0; i < n; i += TRITS) {
        unsigned trits = *from++;

        for (size_t j = 0; j < TRITS; j++, trits /= 3)
            trit[i + j] = (unsigned char)(trits % 3);
    }
}

static void values_of(const unsigned char *trit, size_t n, float s, tally_real *v)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (tally_real)(trit[i] == 0 ? 0 : trit[i] == 1 ? s : -s);
}

/* Bytes are five trits each, and what is left of the last one is clear. */
static tally_status check_trits(const unsigned char *from, size_t count)
{
    size_t bytes = (count - 1) / TRITS + 1;
    unsigned greatest = 0, rest = from[bytes - 1];

    for (size_t j = 0; j < bytes; j++)
        greatest = from[j] > greatest ? from[j] : greatest;
    for (size_t j = 0; greatest > 242 && j < bytes; j++)
        if (from[j] > 242)
            return TALLY_FAIL(FORMAT,
                              "codec ternary: byte %zu is %u, expected 0 to 242", j,
                              (unsigned)from[j]);
    for (size_t i = (bytes - 1) * TRITS; i < count; i++)
        rest /= 3;
    if (rest)
        return TALLY_FAIL(FORMAT, "codec ternary: trits are set beyond the %zu values",
                          count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const size_t block = block_of(k), blocks = blocks_of(k, piece.count);
    const float *scale = bytes;
    const unsigned char *from = (const unsigned char *)(scale + blocks);
    unsigned char trit[TALLY_CHUNK];

    (void)size;
    for (size_t b = 0; b < blocks; b++)
        TALLY_TRY(tally_codec_check_scale(k, b, (double)scale[b]));
    TALLY_TRY(check_trits(from, piece.count));
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        unpack(from + at / TRITS, n, trit);
        for (size_t i = 0, run; i < n; i += run) {
            run = tally_codec_run(at + i, n - i, block);
            values_of(trit + i, run, scale[(at + i) / block], v + at + i);
        }
    }
    return TALLY_OK;
}

const tally_codec_ops tally_codec_ternary = {
    .about = {.name = "ternary",
              .brief = "-s, 0 or s by a coin, five values to a byte",
              .paper = "Wen et al. 2017 (TernGrad), arXiv:1705.07878",
              .options = options,
              .options_size = sizeof(codec_ternary)},
    .bytes = "4 ceil(n / block) + ceil(n / 5)",
    .biased = true,
    .open = open,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

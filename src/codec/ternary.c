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
        if (!(x <= most)) most = x; /* NaN stays */
    }
    double sigma = sqrt(squares / (double)n);

    return o->clip > 0 && most > o->clip * sigma ? o->clip * sigma : most;
}

/* A value beyond s comes up every time: that is the clipping. */
static unsigned toss(double v, double s, uint32_t coin)
{
    if (!((double)coin * 0x1p-32 * s < fabs(v))) return 0;
    return v < 0 ? 2 : 1;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    static const unsigned power[TRITS] = {1, 3, 9, 27, 81};
    size_t block = block_of(k), blocks = blocks_of(k, piece.count);
    float *scale = bytes;
    unsigned char *to = (unsigned char *)bytes + blocks * sizeof(float);
    uint32_t coin[TALLY_CHUNK];

    memset(to, 0, (piece.count - 1) / TRITS + 1);
    for (size_t at = 0, b = 0; at < piece.count; at += block, b++) {
        size_t end = piece.count - at < block ? piece.count : at + block;

        scale[b] = (float)scale_of(k->options, v + at, end - at);
        for (size_t i = at; i < end; i++) {
            size_t turn = (i - at) % TALLY_CHUNK;

            if (turn == 0)
                tally_codec_coins(k, piece, i,
                                  end - i < TALLY_CHUNK ? end - i : TALLY_CHUNK, coin);
            to[i / TRITS] +=
                (unsigned char)(power[i % TRITS] *
                                toss((double)v[i], (double)scale[b], coin[turn]));
        }
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    size_t block = block_of(k), blocks = blocks_of(k, piece.count);
    const float *scale = bytes;
    const unsigned char *from = (const unsigned char *)bytes + blocks * sizeof(float);
    unsigned trits = 0;

    (void)size;
    for (size_t b = 0; b < blocks; b++)
        TALLY_TRY(tally_codec_check_scale(k, b, (double)scale[b]));
    for (size_t i = 0; i < piece.count; i++) {
        float s = scale[i / block];

        if (i % TRITS == 0) trits = from[i / TRITS];
        if (trits >= 243 && i % TRITS == 0)
            return TALLY_FAIL(FORMAT,
                              "codec ternary: byte %zu is %u, expected 0 to 242",
                              i / TRITS, trits);
        v[i] = (tally_real)(trits % 3 == 0 ? 0 : trits % 3 == 1 ? s : -s);
        trits /= 3;
    }
    if (trits)
        return TALLY_FAIL(FORMAT, "codec ternary: trits are set beyond the %zu values",
                          piece.count);
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

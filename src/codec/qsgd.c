/* qsgd.c — s levels of a bucket's norm, chosen by a coin between the two nearest.
 *
 *     l = floor(s |v_i| / |v_b|),   xi = l + 1 with probability s |v_i| / |v_b| - l,
 *                                   else l
 *     Q(v_i) = |v_b| sign(v_i) xi / s
 *     norm=2     |v_b| is the Euclidean norm of the bucket: the paper's
 *     norm=inf   the greatest absolute value: less variance in practice
 *
 * Alistarh, Grubic, Li, Tomioka, Vojnovic, QSGD: Communication-Efficient SGD via
 * Gradient Quantization and Encoding, 2016, arXiv:1610.02132, section 3.1, with codes
 * of equal length instead of Elias's.  Unbiased; variance at most min(n / s^2, sqrt(n)
 * / s) |v|^2 in a bucket of n (Lemma 3.1).  NaN becomes 0 and spoils the norm.
 *
 * Message: a float for each bucket, then codes s + sign xi in [0, 2 s], of ceil(log2
 * (2 s + 1)) bits: 4 bits for 7 levels. */

#include "codec/codec.h"
#include "codec/pack.h"

#include <math.h>
#include <stddef.h>

typedef struct codec_qsgd {
    uint64_t levels, bucket;
    int norm;
} codec_qsgd;

enum { EUCLIDEAN, GREATEST };

static const tally_option options[] = {
    TALLY_OPTION(COUNT, codec_qsgd, levels, "7", "[1, 32767]",
                 "levels above zero: 1 is 2 bits, 7 is 4, 127 is 8"),
    TALLY_OPTION(COUNT, codec_qsgd, bucket, "512", "[1, 1e12]",
                 "values that share a norm"),
    TALLY_OPTION(CHOICE, codec_qsgd, norm, "2", "2|inf",
                 "Euclidean, or the greatest absolute value"),
    TALLY_END,
};

static size_t bucket_of(const tally_codec *k)
{
    return (size_t)((const codec_qsgd *)k->options)->bucket;
}

static size_t buckets_of(const tally_codec *k, size_t count)
{
    return (count - 1) / bucket_of(k) + 1;
}

static unsigned bits_of(const tally_codec *k)
{
    return tally_packed_bits(2 * ((const codec_qsgd *)k->options)->levels + 1);
}

static size_t bound(const tally_codec *k, size_t count)
{
    return buckets_of(k, count) * sizeof(float) + tally_packed_bytes(count, bits_of(k));
}

/* With the greatest value for a norm each value's variance is at most a quarter of the
 * square of a level: n / (4 s^2) |v|^2, but never more than a coin on the greatest. */
static double distortion(const tally_codec *k, size_t count)
{
    const codec_qsgd *o = k->options;
    double n = (double)(count < bucket_of(k) ? count : bucket_of(k));
    double s = (double)o->levels;

    return fmin(n / (s * s), sqrt(n) / s) + 1e-6;
}

static double norm_of(const codec_qsgd *o, const tally_real *v, size_t n)
{
    double squares = 0, most = 0;

    for (size_t i = 0; i < n; i++) {
        double x = fabs((double)v[i]);

        squares += x * x;
        most = x <= most || isnan(most) ? most : x; /* a NaN stays */
    }
    return o->norm == GREATEST ? most : sqrt(squares);
}

/* place is 0 where v or the norm leaves nothing to compare (NaN), and at most s: the
 * norm was rounded to float.  It is not negative, so that (int) rounds it down. */
static void codes_of(const tally_real *v, const uint32_t *coin, size_t n, double norm,
                     double s, uint16_t *code)
{
    if (!(norm > 0)) norm = (double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        double place = s * fabs((double)v[i]) / norm;

        place = place > 0 ? place : 0;
        place = place < s ? place : s;
        int level = (int)place;
        level += tally_codec_uniform(coin[i]) < place - level;
        code[i] = (uint16_t)((int)s + (v[i] < 0 ? -level : level));
    }
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const codec_qsgd *o = k->options;
    const unsigned bits = bits_of(k);
    const size_t bucket = bucket_of(k), buckets = buckets_of(k, piece.count);
    float *norm = bytes;
    unsigned char *to = (unsigned char *)(norm + buckets);
    uint32_t coin[TALLY_CHUNK];
    uint16_t code[TALLY_CHUNK];

    for (size_t b = 0; b < buckets; b++)
        norm[b] = (float)norm_of(
            o, v + b * bucket,
            tally_codec_run(b * bucket, piece.count - b * bucket, bucket));
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_codec_coins(k, piece, at, n, coin);
        for (size_t i = 0, run; i < n; i += run) {
            run = tally_codec_run(at + i, n - i, bucket);
            codes_of(v + at + i, coin + i, run, (double)norm[(at + i) / bucket],
                     (double)o->levels, code + i);
        }
        tally_pack_codes(code, n, bits, to + tally_packed_bytes(at, bits));
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static void values_of(const uint16_t *code, size_t n, double norm, double s,
                      tally_real *v)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (tally_real)(norm * ((double)code[i] - s) / s);
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const codec_qsgd *o = k->options;
    const unsigned bits = bits_of(k), most = 2 * (unsigned)o->levels;
    const size_t bucket = bucket_of(k), buckets = buckets_of(k, piece.count);
    const float *norm = bytes;
    const unsigned char *from = (const unsigned char *)(norm + buckets);
    uint16_t code[TALLY_CHUNK];

    (void)size;
    for (size_t b = 0; b < buckets; b++)
        TALLY_TRY(tally_codec_check_scale(k, b, (double)norm[b]));
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_unpack_codes(from + tally_packed_bytes(at, bits), n, bits, code);
        size_t bad = tally_code_beyond(code, n, most);
        if (bad < n)
            return TALLY_FAIL(FORMAT,
                              "codec qsgd: value %zu has code %u, expected 0 to %u",
                              at + bad, code[bad], most);
        for (size_t i = 0, run; i < n; i += run) {
            run = tally_codec_run(at + i, n - i, bucket);
            values_of(code + i, run, (double)norm[(at + i) / bucket], (double)o->levels,
                      v + at + i);
        }
    }
    if (!tally_packed_clear(from, piece.count, bits))
        return TALLY_FAIL(FORMAT, "codec qsgd: bits are set beyond the %zu values",
                          piece.count);
    return TALLY_OK;
}

const tally_codec_ops tally_codec_qsgd = {
    .about = {.name = "qsgd",
              .brief = "levels of a bucket's norm, chosen by a coin",
              .paper = "Alistarh et al. 2016, arXiv:1610.02132",
              .options = options,
              .options_size = sizeof(codec_qsgd)},
    .bytes = "4 ceil(n / bucket) + ceil(n ceil(log2(2 levels + 1)) / 8)",
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

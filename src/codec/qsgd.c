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
        if (!(x <= most)) most = x; /* NaN stays */
    }
    return o->norm == GREATEST ? most : sqrt(squares);
}

static uint64_t code_of(double v, double norm, double s, uint32_t coin)
{
    double place = norm > 0 ? s * fabs(v) / norm : 0;

    if (!(place > 0)) return (uint64_t)s;
    if (place > s) place = s; /* the norm was rounded to float */
    double level = floor(place);
    level += (double)coin * 0x1p-32 < place - level;
    return (uint64_t)(v < 0 ? s - level : s + level);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const codec_qsgd *o = k->options;
    const unsigned bits = bits_of(k);
    size_t bucket = bucket_of(k);
    float *norm = bytes;
    tally_packer packer = {.to = (unsigned char *)bytes +
                                 buckets_of(k, piece.count) * sizeof(float)};
    uint32_t coin[TALLY_CHUNK];

    for (size_t at = 0, b = 0; at < piece.count; at += bucket, b++) {
        size_t end = piece.count - at < bucket ? piece.count : at + bucket;

        norm[b] = (float)norm_of(o, v + at, end - at);
        for (size_t i = at; i < end; i++) {
            size_t turn = (i - at) % TALLY_CHUNK;

            if (turn == 0)
                tally_codec_coins(k, piece, i,
                                  end - i < TALLY_CHUNK ? end - i : TALLY_CHUNK, coin);
            tally_pack(
                &packer,
                code_of((double)v[i], (double)norm[b], (double)o->levels, coin[turn]),
                bits);
        }
    }
    tally_pack_end(&packer);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const codec_qsgd *o = k->options;
    const unsigned bits = bits_of(k);
    size_t bucket = bucket_of(k), buckets = buckets_of(k, piece.count);
    const float *norm = bytes;
    tally_unpacker unpacker = {.from = (const unsigned char *)bytes +
                                       buckets * sizeof(float)};
    const double s = (double)o->levels;

    (void)size;
    for (size_t b = 0; b < buckets; b++)
        TALLY_TRY(tally_codec_check_scale(k, b, (double)norm[b]));
    for (size_t at = 0, b = 0; at < piece.count; at += bucket, b++) {
        size_t end = piece.count - at < bucket ? piece.count : at + bucket;

        for (size_t i = at; i < end; i++) {
            uint64_t code = tally_unpack(&unpacker, bits);

            if (code > 2 * o->levels)
                return TALLY_FAIL(FORMAT,
                                  "codec qsgd: value %zu has code %zu, expected 0 to "
                                  "%zu",
                                  i, (size_t)code, (size_t)(2 * o->levels));
            v[i] = (tally_real)((double)norm[b] * ((double)code - s) / s);
        }
    }
    if (!tally_unpack_ended(&unpacker))
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

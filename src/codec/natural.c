/* natural.c — the power of two below or above, by a coin: sign and exponent alone.
 *
 *     |v_i| = 2^e (1 + f)  ->  2^(e+1) with probability f, else 2^e
 *
 * Horvath, Ho, Horvath, Sahu, Canini, Richtarik, Natural Compression for Distributed
 * Deep Learning, 2019, arXiv:1905.10988, definition 1.  Unbiased, variance at most 1/8
 * of |v|^2.  Below 2^-126 the neighbours are 0 and 2^-126.  The greatest power is
 * 2^127: what would round beyond it does not.
 *
 * Message: 9 bits a value, the 8 of the float's exponent and above them the sign.  An
 * exponent of 255, what infinity and NaN become, is refused on arrival. */

#include "codec/codec.h"
#include "codec/pack.h"

#include <math.h>
#include <string.h>

enum { BITS = 9, ENDLESS = 255, GREATEST = 254 };

static size_t bound(const tally_codec *k, size_t count)
{
    (void)k;
    return tally_packed_bytes(count, BITS);
}

static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return 0.125 + 1e-6;
}

/* The fraction has 23 bits: so many of the coin decide. */
static void codes_of(const tally_real *v, const uint32_t *coin, size_t n,
                     uint16_t *code)
{
    for (size_t i = 0; i < n; i++) {
        float x = (float)v[i];
        uint32_t u;

        memcpy(&u, &x, sizeof u);
        uint32_t sign = u >> 31, exponent = u >> 23 & 0xff, fraction = u & 0x7fffff;
        exponent += (exponent < GREATEST) & (coin[i] >> 9 < fraction);
        code[i] = (uint16_t)(sign << 8 | exponent);
    }
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    unsigned char *to = bytes;
    uint32_t coin[TALLY_CHUNK];
    uint16_t code[TALLY_CHUNK];

    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_codec_coins(k, piece, at, n, coin);
        codes_of(v + at, coin, n, code);
        tally_pack_codes(code, n, BITS, to + tally_packed_bytes(at, BITS));
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static void values_of(const uint16_t *code, size_t n, tally_real *v)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t u = (code[i] & UINT32_C(0xff)) << 23 | (uint32_t)code[i] >> 8 << 31;
        float x;

        memcpy(&x, &u, sizeof x);
        v[i] = (tally_real)x;
    }
}

/* Where the first of n exponents that no number has stands; n: nowhere. */
static size_t find_endless(const uint16_t *code, size_t n)
{
    unsigned some = 0;
    size_t i = 0;

    for (size_t j = 0; j < n; j++)
        some |= (code[j] & 0xff) == ENDLESS;
    while (some && (code[i] & 0xff) != ENDLESS)
        i++;
    return some ? i : n;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const unsigned char *from = bytes;
    uint16_t code[TALLY_CHUNK];

    (void)k, (void)size;
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_unpack_codes(from + tally_packed_bytes(at, BITS), n, BITS, code);
        size_t bad = find_endless(code, n);
        if (bad < n)
            return TALLY_FAIL(FORMAT, "codec natural: value %zu is not finite",
                              at + bad);
        values_of(code, n, v + at);
    }
    if (!tally_packed_clear(from, piece.count, BITS))
        return TALLY_FAIL(FORMAT, "codec natural: bits are set beyond the %zu values",
                          piece.count);
    return TALLY_OK;
}

const tally_codec_ops tally_codec_natural = {
    .about = {.name = "natural",
              .brief = "the power of two below or above, 9 bits a value",
              .paper = "Horvath et al. 2019, arXiv:1905.10988"},
    .bytes = "ceil(9 n / 8)",
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

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
static uint64_t code_of(float x, uint32_t coin)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    uint32_t sign = u >> 31, exponent = u >> 23 & 0xff, fraction = u & 0x7fffff;

    if (exponent < GREATEST && coin >> 9 < fraction) exponent++;
    return (uint64_t)sign << 8 | exponent;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    tally_packer packer = {.to = bytes};
    uint32_t coin[TALLY_CHUNK];

    for (size_t i = 0; i < piece.count; i++) {
        size_t left = piece.count - i, turn = i % TALLY_CHUNK;

        if (turn == 0)
            tally_codec_coins(k, piece, i, left < TALLY_CHUNK ? left : TALLY_CHUNK,
                              coin);
        tally_pack(&packer, code_of((float)v[i], coin[turn]), BITS);
    }
    tally_pack_end(&packer);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    tally_unpacker unpacker = {.from = bytes};

    (void)k, (void)size;
    for (size_t i = 0; i < piece.count; i++) {
        uint32_t code = (uint32_t)tally_unpack(&unpacker, BITS);
        uint32_t u = (code & 0xff) << 23 | code >> 8 << 31;
        float x;

        if ((code & 0xff) == ENDLESS)
            return TALLY_FAIL(FORMAT, "codec natural: value %zu is not finite", i);
        memcpy(&x, &u, sizeof x);
        v[i] = (tally_real)x;
    }
    if (!tally_unpack_ended(&unpacker))
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

/* codec.h — the tables of the built-in codecs, one a file. */

#ifndef TALLY_CODEC_CODEC_H
#define TALLY_CODEC_CODEC_H

#include "tally/codec.h"

#include "num/isa.h"

#define CODEC(name) extern const tally_codec_ops tally_codec_##name;
#include "codec/list.def"
#undef CODEC

extern tally_members tally_codec_members, tally_codec_members_avx2,
    tally_codec_members_avx512;

/* Values at a time, for arrays on the stack: whole bytes of codes of any width, of five
 * trits, and whole vectors. */
enum { TALLY_CHUNK = 320 };

/* coin[0 .. n) of values i, i + 1, ... of the piece: 32 fair bits each, this stream's
 * own.  n <= TALLY_CHUNK. */
void tally_codec_coins(const tally_codec *k, tally_piece piece, size_t i, size_t n,
                       uint32_t *coin);

/* The coin as a number in [0, 1): 2^-32 times it, exactly.  By way of a signed integer,
 * which every instruction set converts. */
static inline double tally_codec_uniform(uint32_t coin)
{
    return ((double)(int32_t)(coin ^ 0x80000000) + 0x1p31) * 0x1p-32;
}

/* Values from i on, at most `most`, that share a block with value i. */
static inline size_t tally_codec_run(size_t i, size_t most, size_t block)
{
    size_t left = block - i % block;

    return left < most ? left : most;
}

/* How many of `count` values a share of them is: rounded up, at least one. */
size_t tally_codec_share(double share, size_t count);

/* A scale as it came over the wire must be finite and not negative. */
tally_status tally_codec_check_scale(const tally_codec *k, size_t block, double scale);

#endif

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

/* coin[0 .. n) of values i, i + 1, ... of the piece: 32 fair bits each, this stream's
 * own. */
void tally_codec_coins(const tally_codec *k, tally_piece piece, size_t i, size_t n,
                       uint32_t *coin);

enum { TALLY_COINS = 256 }; /* values at a time, for an array on the stack */

/* How many of `count` values a share of them is: rounded up, at least one. */
size_t tally_codec_share(double share, size_t count);

/* A scale as it came over the wire must be finite and not negative. */
tally_status tally_codec_check_scale(const tally_codec *k, size_t block, double scale);

#endif

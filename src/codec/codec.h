/* codec.h — the tables of the built-in codecs, one a file. */

#ifndef TALLY_CODEC_CODEC_H
#define TALLY_CODEC_CODEC_H

#include "tally/codec.h"

#define CODEC(name) extern const tally_codec_ops tally_codec_##name;
#include "codec/list.def"
#undef CODEC

/* A scale as it came over the wire must be finite and not negative. */
tally_status tally_codec_check_scale(const tally_codec *k, size_t block, double scale);

#endif

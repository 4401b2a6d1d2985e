/* members.c — the codecs as compiled for one instruction set, in the order of list.def.
 */

#include "codec/codec.h"

tally_members tally_codec_members = {

#define CODEC(name) &tally_codec_##name.about,
#include "codec/list.def"
#undef CODEC
    NULL,
};

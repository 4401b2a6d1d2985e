/* chosen.h — what codecs share that send values at places of the common seed. */

#ifndef TALLY_CODEC_CHOSEN_H
#define TALLY_CODEC_CHOSEN_H

#include "codec/codec.h"

typedef struct codec_chosen {
    double k;
    bool scale;
} codec_chosen;

extern const tally_option tally_chosen_options[];

/* c = ceil(k n) of n = count values are sent. */
size_t tally_chosen_count(const tally_codec *k, size_t count);

/* What a value that was sent is multiplied by: n / c, or 1 with scale=false. */
tally_real tally_chosen_factor(const tally_codec *k, size_t count);

/* For the tables: `open`, `bound`, `distortion`. */
tally_status tally_chosen_open(tally_codec *k);
size_t tally_chosen_bound(const tally_codec *k, size_t count);
double tally_chosen_distortion(const tally_codec *k, size_t count);

#endif

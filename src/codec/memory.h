/* memory.h — error feedback: what a message leaves out is part of the next. */

#ifndef TALLY_CODEC_MEMORY_H
#define TALLY_CODEC_MEMORY_H

#include "tally/codec.h"

/* v <- v + memory / rate; n values each. */
void tally_memory_add(const tally_real *memory, double rate, size_t n, tally_real *v);

/* memory <- rate (v - q), q being what the message says of v.  velocity: NULL, or set
 * to zero where the message says something.  All point at the first value of the
 * piece.  Fails with TALLY_FORMAT where v or the message is not finite; memory then
 * holds nothing of use. */
tally_status tally_memory_keep(tally_codec *k, tally_piece piece, const void *message,
                               size_t bytes, double rate, const tally_real *v,
                               tally_real *memory, tally_real *velocity);

#endif

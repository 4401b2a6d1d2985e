/* specs.h — the codecs that every test of the family goes through, and values for them.
 */

#ifndef TEST_CODEC_SPECS_H
#define TEST_CODEC_SPECS_H

#include "tally/codec.h"

/* Each codec as it is, with each word of each choice, and some chosen by hand; NULL
 * past the end.  Registered ones are among them. */
const char *codec_spec_at(size_t i);

enum { CODEC_VALUES = 5 };

/* Value i of a vector of one of CODEC_VALUES kinds: even, heavy-tailed, mostly zero,
 * tiny, all zero. */
tally_real codec_value(int kind, size_t i);

/* Every length that the family is tested at; 0 past the end. */
size_t codec_length_at(size_t i);

#endif

/* bits.h — one bit a coordinate: packing signs, expanding them, counting votes.
 *
 * Coordinate i is bit i % 64 of word i / 64; a set bit is a negative sign.  Vectors and
 * bits point at coordinate 0 of the flat vector, a span starts on a multiple of 64, and
 * whoever writes the last word of a vector leaves its padding clear.
 *
 * Zero, minus zero and NaN have no sign: clear in the mask, and clear in the bits. */

#ifndef TALLY_NUM_BITS_H
#define TALLY_NUM_BITS_H

#include "tally/layout.h"

/* Words that hold `count` bits. */
size_t tally_bits_words(size_t count);

/* bits <- which values of v over s are negative. */
void tally_bits_pack(const tally_real *v, tally_span s, uint64_t *bits);

/* mask <- which coordinates have a sign, bits <- which of them are negative. */
void tally_bits_pack_masked(const tally_real *v, tally_span s, uint64_t *bits,
                            uint64_t *mask);

/* v <- -scale where the bit is set, scale where it is clear, 0 where the mask is clear;
 * mask may be NULL. */
void tally_bits_expand(const uint64_t *bits, const uint64_t *mask, tally_span s,
                       tally_real scale, tally_real *v);

/* How many bits are set. */
uint64_t tally_bits_count(const uint64_t *bits, size_t words);

/* Clears the padding: the bits of the last word from `length` on. */
void tally_bits_trim(uint64_t *bits, size_t length);

/* The verdict of n ballots of `words` words each: minus where more than half are set,
 * tie where exactly half are.  1 <= n <= 2^31.  A ballot listed twice weighs two.
 * Padding that is clear in the ballots is clear in both results. */
void tally_bits_majority(const uint64_t *const *ballots, size_t n, size_t words,
                         uint64_t *minus, uint64_t *tie);

enum { TALLY_BITS_PLANES = 33 }; /* bits of a count, at most */

/* What enters a count: 2^plane wherever a bit is set, or with flip wherever one is
 * clear.  A weight is a term for each of its bits; a count made elsewhere is one for
 * each of its planes; who may abstain votes 2 against, 0 for and 1 not at all. */
typedef struct tally_bits_term {
    const uint64_t *bits;
    uint64_t flip; /* 0 or all ones */
    size_t plane;
} tally_bits_term;

/* Planes of a count up to `most`: its bits. */
size_t tally_bits_planes(uint64_t most);

/* sums <- the terms added up, plane after plane of `words` words each: bit i of plane k
 * is bit k of coordinate i's sum, which must be below 2^planes. */
void tally_bits_sum(const tally_bits_term *terms, size_t n, size_t words, size_t planes,
                    uint64_t *sums);

/* minus where the terms add up to more than half of `all`, tie where to just half; all
 * is what they come to at most, below 2^33. */
void tally_bits_weigh(const tally_bits_term *terms, size_t n, size_t words,
                      uint64_t all, uint64_t *minus, uint64_t *tie);

#endif

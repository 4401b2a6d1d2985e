/* bits_kernels.c — signs as bits, and a majority counted 64 coordinates at a time.
 *
 * Compiled for each instruction set (num/isa.h).  Packing compares a register of values
 * and takes one bit of each; it runs at the speed at which the values can be read.
 *
 * Counting is bit-sliced: plane k of a counter holds bit k of 64 counts in one word.
 * Ballots enter in fours through full adders, the carry ripples up:
 *     half = a ^ b,  carry = (a & b) | (plane & half),  plane <- plane ^ half
 * and counts are compared with half of all from the highest plane down.  A ballot that
 * weighs 2^k, and bit k of a count made elsewhere, enter at plane k.
 *
 * d = 25.6e6 floats, one core of an AMD EPYC with AVX-512 (AVX2), bench/bits.c: packing
 * takes 1.05 (0.98) times as long as reading the values; counting 3, 8 and 15 ballots
 * 1.3, 1.15 and 1.2 (1.5, 1.3 and 1.5) times as long as reading them. */

#include "num/bits_kernels.h"

#include "num/lanes.h"

#include <string.h>

/* Which of the first `left` values of 64 are below zero: neither zero, of whatever
 * sign, nor NaN is. */
static inline uint64_t below_zero(const tally_real *v, size_t left)
{
    uint64_t word = 0;

    for (size_t k = 0; k < 64 && k < left; k += TALLY_LANES)
        word |= tally_lanes_bits(tally_lanes_load(v + k, left - k) < 0) << k;
    return word;
}

static inline uint64_t above_zero(const tally_real *v, size_t left)
{
    uint64_t word = 0;

    for (size_t k = 0; k < 64 && k < left; k += TALLY_LANES)
        word |= tally_lanes_bits(tally_lanes_load(v + k, left - k) > 0) << k;
    return word;
}

/* Whole words have a loop without ends to look out for. */
static void pack(const tally_real *v, tally_span s, uint64_t *bits)
{
    size_t end = s.first + s.count, at = s.first;

    for (; at + 64 <= end; at += 64)
        bits[at / 64] = below_zero(v + at, 64);
    if (at < end) bits[at / 64] = below_zero(v + at, end - at);
}

static inline void pack_word(const tally_real *v, size_t left, uint64_t *bits,
                             uint64_t *mask)
{
    *bits = below_zero(v, left);
    *mask = *bits | above_zero(v, left);
}

static void pack_masked(const tally_real *v, tally_span s, uint64_t *bits,
                        uint64_t *mask)
{
    size_t end = s.first + s.count, at = s.first;

    for (; at + 64 <= end; at += 64)
        pack_word(v + at, 64, &bits[at / 64], &mask[at / 64]);
    if (at < end) pack_word(v + at, end - at, &bits[at / 64], &mask[at / 64]);
}

static void expand(const uint64_t *bits, const uint64_t *mask, tally_span s,
                   tally_real scale, tally_real *v)
{
    const tally_lanes none = {0}, plus = none + scale;

    for (size_t i = s.first, end = s.first + s.count; i < end; i += TALLY_LANES) {
        tally_lanes x =
            tally_lanes_choose(tally_lanes_where(bits[i / 64] >> i % 64), -plus, plus);

        if (mask)
            x = tally_lanes_choose(tally_lanes_where(mask[i / 64] >> i % 64), x, none);
        tally_lanes_store(x, v + i, end - i);
    }
}

/* Adds neighbouring fields of 1, 2, 4 bits, then all bytes by one product. */
static uint64_t count_word(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return x * UINT64_C(0x0101010101010101) >> 56;
}

static uint64_t count(const uint64_t *bits, size_t words)
{
    uint64_t total = 0;

    for (size_t i = 0; i < words; i++)
        total += count_word(bits[i]);
    return total;
}

/* ---- counting ---- */

/* Inlined in any case: what is constant in a caller then is so in the innermost loop.
 */
#define INLINED __attribute__((always_inline)) static inline

/* As many words as a register holds. */
#define WIDE_BYTES (TALLY_LANES_BYTES > 8 ? TALLY_LANES_BYTES : 8)

enum { WIDE = WIDE_BYTES / 8, PLANES_FEW = 4, PLANES_MOST = TALLY_BITS_PLANES };

typedef uint64_t wide __attribute__((vector_size(WIDE_BYTES)));

INLINED wide load(const uint64_t *words, size_t left)
{
    wide v = {0};

    memcpy(&v, words, left < WIDE ? left * sizeof *words : sizeof v);
    return v;
}

INLINED void store(wide v, size_t left, uint64_t *words)
{
    memcpy(words, &v, left < WIDE ? left * sizeof *words : sizeof v);
}

/* plane <- plane + a + b modulo 2; the carry is where two of the three or all are set.
 */
INLINED wide full_add(wide *plane, wide a, wide b)
{
    wide half = a ^ b, carry = (a & b) | (*plane & half);

    *plane ^= half;
    return carry;
}

/* Ballot i in the words from `at` on; no votes past the last ballot. */
INLINED wide ballot(const uint64_t *const *ballots, size_t n, size_t i, size_t at,
                    size_t left)
{
    return i < n ? load(ballots[i] + at, left) : (wide){0};
}

/* Four ballots at a time: two full adders on plane 0, one on plane 1 for their carries,
 * whose own carry ripples up the planes above. */
INLINED void add_ballots(const uint64_t *const *b, size_t n, size_t at, size_t left,
                         size_t planes, wide *plane)
{
    for (size_t k = 0; k < planes; k++)
        plane[k] = (wide){0};
    for (size_t i = 0; i < n; i += 4) {
        wide low = full_add(&plane[0], ballot(b, n, i, at, left),
                            ballot(b, n, i + 1, at, left));
        wide high = full_add(&plane[0], ballot(b, n, i + 2, at, left),
                             ballot(b, n, i + 3, at, left));
        wide carry = full_add(&plane[1], low, high);

        for (size_t k = 2; k < planes; k++) {
            wide up = plane[k] & carry;

            plane[k] ^= carry;
            carry = up;
        }
    }
}

/* Each term enters at its own plane. */
INLINED void add_terms(const tally_bits_term *terms, size_t n, size_t at, size_t left,
                       size_t planes, wide *plane)
{
    for (size_t k = 0; k < planes; k++)
        plane[k] = (wide){0};
    for (size_t i = 0; i < n; i++) {
        wide carry = load(terms[i].bits + at, left) ^ terms[i].flip;

        for (size_t k = terms[i].plane; k < planes; k++) {
            wide up = plane[k] & carry;

            plane[k] ^= carry;
            carry = up;
        }
    }
}

/* minus, tie <- twice the count beside `all`, from the highest plane down: where the
 * count is above half of it, and where it is just half. */
INLINED void decide(const wide *plane, size_t planes, uint64_t all, size_t left,
                    uint64_t *minus, uint64_t *tie)
{
    wide greater = {0}, equal = ~greater;

    for (size_t k = planes; k-- > 0;) {
        wide half = (wide){0} - (all >> 1 >> k & 1);

        greater |= equal & plane[k] & ~half;
        equal &= ~(plane[k] ^ half);
    }
    store(greater, left, minus);
    store(all % 2 ? (wide){0} : equal, left, tie);
}

/* The first part of `words` that is left at `at`: a register, or what there is. */
INLINED size_t part(size_t words, size_t at)
{
    return words - at < WIDE ? words - at : WIDE;
}

INLINED void majority_in(const uint64_t *const *ballots, size_t n, size_t words,
                         size_t planes, uint64_t *minus, uint64_t *tie)
{
    wide plane[PLANES_MOST];
    size_t at = 0;

    for (; at + WIDE <= words; at += WIDE) {
        add_ballots(ballots, n, at, WIDE, planes, plane);
        decide(plane, planes, n, WIDE, minus + at, tie + at);
    }
    if (at == words) return;
    add_ballots(ballots, n, at, words - at, planes, plane);
    decide(plane, planes, n, words - at, minus + at, tie + at);
}

/* The planes of up to 15 ballots stay in registers. */
static void majority(const uint64_t *const *ballots, size_t n, size_t words,
                     uint64_t *minus, uint64_t *tie)
{
    size_t planes = tally_bits_planes(n);

    if (planes <= PLANES_FEW)
        majority_in(ballots, n, words, PLANES_FEW, minus, tie);
    else
        majority_in(ballots, n, words, planes, minus, tie);
}

static void sum(const tally_bits_term *terms, size_t n, size_t words, size_t planes,
                uint64_t *sums)
{
    wide plane[PLANES_MOST];

    for (size_t at = 0; at < words; at += WIDE) {
        add_terms(terms, n, at, part(words, at), planes, plane);
        for (size_t k = 0; k < planes; k++)
            store(plane[k], part(words, at), sums + k * words + at);
    }
}

static void weigh(const tally_bits_term *terms, size_t n, size_t words, uint64_t all,
                  uint64_t *minus, uint64_t *tie)
{
    size_t planes = tally_bits_planes(all);
    wide plane[PLANES_MOST];

    for (size_t at = 0; at < words; at += WIDE) {
        add_terms(terms, n, at, part(words, at), planes, plane);
        decide(plane, planes, all, part(words, at), minus + at, tie + at);
    }
}

const tally_bits_table tally_bits_kernels = {
    .pack = pack,
    .pack_masked = pack_masked,
    .expand = expand,
    .count = count,
    .majority = majority,
    .sum = sum,
    .weigh = weigh,
};

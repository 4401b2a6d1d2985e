/* bits.c — signs as bits, and a majority counted 64 coordinates at a time.
 *
 * Packing compares as many values as a lane has bits and ors each one's own bit into
 * the lane.  There is no branch and no shift by a variable in that loop, so a compiler
 * makes vector code of it for any instruction set; it runs at the speed of memory.
 *
 * Counting is bit-sliced: plane k of a counter holds bit k of 64 counts in one word.
 * Ballots enter in fours through full adders, the carry ripples up:
 *     half = a ^ b,  carry = (a & b) | (plane & half),  plane <- plane ^ half
 * and counts are compared from the highest plane down. */

#include "num/bits.h"

#include <assert.h>
#include <string.h>

/* A lane is as wide as a value, so that a comparison and the bit it selects take the
 * same place in a vector register. */
#ifdef TALLY_DOUBLE
typedef uint64_t lane;
#else
typedef uint32_t lane;
#endif

enum { LANE_BITS = 8 * sizeof(lane), LANES = 64 / LANE_BITS };

/* The bit of value j within its lane. */
/* clang-format off */
static const lane own[LANE_BITS] = {
    0x1, 0x2, 0x4, 0x8,
    0x10, 0x20, 0x40, 0x80,
    0x100, 0x200, 0x400, 0x800,
    0x1000, 0x2000, 0x4000, 0x8000,
    0x10000, 0x20000, 0x40000, 0x80000,
    0x100000, 0x200000, 0x400000, 0x800000,
    0x1000000, 0x2000000, 0x4000000, 0x8000000,
    0x10000000, 0x20000000, 0x40000000, 0x80000000,
#ifdef TALLY_DOUBLE
    0x100000000, 0x200000000, 0x400000000, 0x800000000,
    0x1000000000, 0x2000000000, 0x4000000000, 0x8000000000,
    0x10000000000, 0x20000000000, 0x40000000000, 0x80000000000,
    0x100000000000, 0x200000000000, 0x400000000000, 0x800000000000,
    0x1000000000000, 0x2000000000000, 0x4000000000000, 0x8000000000000,
    0x10000000000000, 0x20000000000000, 0x40000000000000, 0x80000000000000,
    0x100000000000000, 0x200000000000000, 0x400000000000000, 0x800000000000000,
    0x1000000000000000, 0x2000000000000000, 0x4000000000000000, 0x8000000000000000,
#endif
};
/* clang-format on */

size_t tally_bits_words(size_t count)
{
    return count / 64 + (count % 64 != 0);
}

/* The bits of words that a span ends in: `count` of them, at most 64. */
static uint64_t first_bits(size_t count)
{
    return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

/* Which of 64 values are below zero: neither zero, of whatever sign, nor NaN is. */
static uint64_t below_zero(const tally_real *v)
{
    uint64_t word = 0;

    for (size_t k = 0; k < LANES; k++) {
        lane below = 0;

        for (size_t j = 0; j < LANE_BITS; j++)
            below |= v[k * LANE_BITS + j] < 0 ? own[j] : 0;
        word |= (uint64_t)below << k * LANE_BITS;
    }
    return word;
}

static uint64_t above_zero(const tally_real *v)
{
    uint64_t word = 0;

    for (size_t k = 0; k < LANES; k++) {
        lane above = 0;

        for (size_t j = 0; j < LANE_BITS; j++)
            above |= v[k * LANE_BITS + j] > 0 ? own[j] : 0;
        word |= (uint64_t)above << k * LANE_BITS;
    }
    return word;
}

/* The last values of a span, filled up with zeros to 64 of them. */
static const tally_real *filled(const tally_real *v, size_t count, tally_real *room)
{
    memset(room, 0, 64 * sizeof *room);
    memcpy(room, v, count * sizeof *room);
    return room;
}

void tally_bits_pack(const tally_real *v, tally_span s, uint64_t *bits)
{
    tally_real room[64];

    assert(s.first % 64 == 0);
    for (size_t done = 0; done < s.count; done += 64) {
        size_t at = s.first + done, left = s.count - done;

        bits[at / 64] = below_zero(left < 64 ? filled(v + at, left, room) : v + at);
    }
}

void tally_bits_pack_masked(const tally_real *v, tally_span s, uint64_t *bits,
                            uint64_t *mask)
{
    tally_real room[64];

    assert(s.first % 64 == 0);
    for (size_t done = 0; done < s.count; done += 64) {
        size_t at = s.first + done, left = s.count - done;
        const tally_real *x = left < 64 ? filled(v + at, left, room) : v + at;
        uint64_t minus = below_zero(x);

        bits[at / 64] = minus;
        mask[at / 64] = minus | above_zero(x);
    }
}

static void expand_word(uint64_t bits, uint64_t mask, tally_real scale, tally_real *v)
{
    for (size_t k = 0; k < LANES; k++) {
        lane b = (lane)(bits >> k * LANE_BITS), m = (lane)(mask >> k * LANE_BITS);

        for (size_t j = 0; j < LANE_BITS; j++) {
            tally_real x = b & own[j] ? -scale : scale;

            v[k * LANE_BITS + j] = m & own[j] ? x : 0;
        }
    }
}

void tally_bits_expand(const uint64_t *bits, const uint64_t *mask, tally_span s,
                       tally_real scale, tally_real *v)
{
    assert(s.first % 64 == 0);
    for (size_t done = 0; done < s.count; done += 64) {
        size_t at = s.first + done, left = s.count - done;
        uint64_t present = mask ? mask[at / 64] : UINT64_MAX;
        tally_real room[64];

        if (left >= 64) {
            expand_word(bits[at / 64], present, scale, v + at);
        } else {
            expand_word(bits[at / 64], present, scale, room);
            memcpy(v + at, room, left * sizeof *v);
        }
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

uint64_t tally_bits_count(const uint64_t *bits, size_t words)
{
    uint64_t total = 0;

    for (size_t i = 0; i < words; i++)
        total += count_word(bits[i]);
    return total;
}

void tally_bits_trim(uint64_t *bits, size_t length)
{
    if (length % 64) bits[length / 64] &= first_bits(length % 64);
}

/* Words are counted in blocks: the loops over a block become vector code, and each of n
 * ballots is read 512 bytes at a time. */
enum { BLOCK = 64, PLANES_MOST = 33 };

typedef struct counter {
    uint64_t plane[PLANES_MOST][BLOCK];
} counter;

/* Planes that hold counts up to n. */
static size_t planes_for(size_t n)
{
    size_t planes = 0;

    for (; n; n >>= 1)
        planes++;
    return planes;
}

/* plane <- plane + a + b modulo 2; the carry is where at least two of the three are
 * set.
 */
static uint64_t full_add(uint64_t *plane, uint64_t a, uint64_t b)
{
    uint64_t half = a ^ b, carry = (a & b) | (*plane & half);

    *plane ^= half;
    return carry;
}

/* Adds four blocks: two full adders on plane 0, one on plane 1 for their carries, whose
 * own carry ripples up the planes above. */
static void add_four(counter *c, size_t planes, const uint64_t *const *four)
{
    const uint64_t *restrict a = four[0], *restrict b = four[1];
    const uint64_t *restrict d = four[2], *restrict e = four[3];
    uint64_t carry[BLOCK];

    for (size_t j = 0; j < BLOCK; j++) {
        uint64_t low = full_add(&c->plane[0][j], a[j], b[j]);
        uint64_t high = full_add(&c->plane[0][j], d[j], e[j]);

        carry[j] = full_add(&c->plane[1][j], low, high);
    }
    for (size_t k = 2; k < planes; k++) {
        for (size_t j = 0; j < BLOCK; j++) {
            uint64_t up = c->plane[k][j] & carry[j];

            c->plane[k][j] ^= carry[j];
            carry[j] = up;
        }
    }
}

/* A block of words of n ballots: all of them, or those that agree with a second set of
 * words: bits & mask (votes against), ~bits & mask (votes for). */
typedef struct ballots {
    const uint64_t *const *bits;
    const uint64_t *const *masks; /* NULL: nobody abstains */
    uint64_t flip;                /* all ones to count the votes for */
    size_t n;
} ballots;

/* A block of ballot i: where it lies if it can be read there, else made in `room`;
 * zeros past the last ballot. */
static const uint64_t *block_of(const ballots *b, size_t i, size_t at, size_t width,
                                uint64_t *room)
{
    if (i < b->n && !b->masks && width == BLOCK) return b->bits[i] + at;
    memset(room, 0, BLOCK * sizeof *room);
    for (size_t j = 0; i < b->n && j < width; j++)
        room[j] = (b->bits[i][at + j] ^ b->flip) &
                  (b->masks ? b->masks[i][at + j] : UINT64_MAX);
    return room;
}

static void count_block(const ballots *b, size_t at, size_t width, counter *c)
{
    uint64_t room[4][BLOCK];

    memset(c, 0, (planes_for(b->n) + 1) * sizeof c->plane[0]);
    for (size_t i = 0; i < b->n; i += 4) {
        const uint64_t *four[4];

        for (size_t k = 0; k < 4; k++)
            four[k] = block_of(b, i + k, at, width, room[k]);
        add_four(c, planes_for(i + 4 < b->n ? i + 4 : b->n), four);
    }
}

/* greater, equal <- how counts a stand to counts b, from the highest plane down. */
static void compare(const counter *a, const counter *b, size_t planes,
                    uint64_t *greater, uint64_t *equal)
{
    for (size_t j = 0; j < BLOCK; j++) {
        greater[j] = 0;
        equal[j] = UINT64_MAX;
    }
    for (size_t k = planes; k-- > 0;) {
        for (size_t j = 0; j < BLOCK; j++) {
            greater[j] |= equal[j] & a->plane[k][j] & ~b->plane[k][j];
            equal[j] &= ~(a->plane[k][j] ^ b->plane[k][j]);
        }
    }
}

void tally_bits_majority(const uint64_t *const *bits, size_t n, size_t words,
                         uint64_t *minus, uint64_t *tie)
{
    const ballots against = {.bits = bits, .n = n};
    uint64_t even = n % 2 == 0 ? UINT64_MAX : 0;
    counter votes, half;

    assert(n >= 1 && n <= (size_t)1 << 31);
    for (size_t k = 0; k < planes_for(n); k++)
        for (size_t j = 0; j < BLOCK; j++)
            half.plane[k][j] = n / 2 >> k & 1 ? UINT64_MAX : 0;
    for (size_t at = 0; at < words; at += BLOCK) {
        size_t width = words - at < BLOCK ? words - at : BLOCK;
        uint64_t greater[BLOCK], equal[BLOCK];

        count_block(&against, at, width, &votes);
        compare(&votes, &half, planes_for(n), greater, equal);
        for (size_t j = 0; j < width; j++) {
            minus[at + j] = greater[j];
            tie[at + j] = equal[j] & even;
        }
    }
}

void tally_bits_majority_masked(const uint64_t *const *bits,
                                const uint64_t *const *masks, size_t n, size_t words,
                                uint64_t *minus, uint64_t *tie)
{
    const ballots against = {bits, masks, 0, n},
                  in_favour = {bits, masks, UINT64_MAX, n};
    counter no, yes;

    assert(n >= 1 && n <= (size_t)1 << 31);
    for (size_t at = 0; at < words; at += BLOCK) {
        size_t width = words - at < BLOCK ? words - at : BLOCK;
        uint64_t greater[BLOCK], equal[BLOCK];

        count_block(&against, at, width, &no);
        count_block(&in_favour, at, width, &yes);
        compare(&no, &yes, planes_for(n), greater, equal);
        memcpy(minus + at, greater, width * sizeof *minus);
        memcpy(tie + at, equal, width * sizeof *tie);
    }
}

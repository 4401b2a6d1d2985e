/* signs.c — w moved by the signs of the agreed vector, straight from its bits.
 *
 *     w <- w - rate (sign(agreed) + decay w)
 *
 * Bits become steps of +-rate in registers, so that the verdict of a vote is applied in
 * one pass over w. */

#include "rule/signs.h"

#include "num/lanes.h"

static void move_by_numbers(const tally_stretch *p, tally_real rate,
                            const tally_real *restrict a, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++)
        w[i] -= p->shrink * w[i] + rate * tally_sign(a[i]);
}

/* The 64 bits from coordinate i on, wherever in a word it lies; only words that hold a
 * coordinate before `end` are read. */
static inline uint64_t bits_from(const uint64_t *bits, size_t i, size_t end)
{
    size_t word = i / 64, shift = i % 64;
    uint64_t low = bits[word] >> shift;

    if (shift == 0 || 64 * (word + 1) >= end) return low;
    return low | bits[word + 1] << (64 - shift);
}

/* Up to 64 coordinates. */
static inline void move_word(const tally_stretch *p, tally_real rate, uint64_t minus,
                             uint64_t present, size_t left, tally_real *w)
{
    const tally_lanes none = {0}, plus = none + rate;

    for (size_t k = 0; k < 64 && k < left; k += TALLY_LANES) {
        tally_lanes x = tally_lanes_load(w + k, left - k);
        tally_lanes step =
            tally_lanes_choose(tally_lanes_where(minus >> k), -plus, plus);

        step = tally_lanes_choose(tally_lanes_where(present >> k), step, none);
        tally_lanes_store(x - (p->shrink * x + step), w + k, left - k);
    }
}

static void move_by_bits(const tally_stretch *p, tally_real rate, const tally_view *a,
                         tally_real *w)
{
    size_t i = p->first, end = p->end;

    for (; i < end; i += 64) {
        uint64_t minus = bits_from(a->bits, i, end);
        uint64_t present = a->mask ? bits_from(a->mask, i, end) : UINT64_MAX;

        if (i + 64 <= end)
            move_word(p, rate, minus, present, 64, w + i);
        else
            move_word(p, rate, minus, present, end - i, w + i);
    }
}

void tally_signs_apply(tally_stretches stretches, double rate, const tally_view *agreed,
                       tally_real *w)
{
    tally_real signed_rate = (tally_real)rate;
    tally_stretch p;

    if (agreed->bits) signed_rate *= tally_sign(agreed->scale);
    while (tally_stretches_next(&stretches, &p)) {
        if (agreed->bits)
            move_by_bits(&p, signed_rate, agreed, w);
        else
            move_by_numbers(&p, signed_rate, agreed->values, w);
    }
}

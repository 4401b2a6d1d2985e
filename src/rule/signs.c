/* signs.c — w moved by the signs of the agreed vector, straight from its bits.
 *
 *     w <- w - rate (sign(agreed) + decay w)
 *
 * Bits become steps of +-rate in a small buffer that stays in the cache, so the verdict
 * of a vote is applied in one pass over w. */

#include "rule/signs.h"

#include "num/bits.h"

static void move_by_numbers(const tally_piece *p, tally_real rate,
                            const tally_real *restrict a, tally_real *restrict w)
{
    for (size_t i = p->first; i < p->end; i++)
        w[i] -= p->shrink * w[i] + rate * tally_sign(a[i]);
}

/* A piece may start inside a word; the word is expanded from its first bit. */
static void move_by_bits(const tally_piece *p, tally_real rate, const tally_view *a,
                         tally_real *w)
{
    enum { ROOM = 1024 };

    for (size_t i = p->first, end; i < p->end; i = end) {
        size_t first = i - i % 64;
        tally_real steps[ROOM];

        end = p->end - first < ROOM ? p->end : first + ROOM;
        size_t words = (end - first + 63) / 64, from = first / 64;
        tally_bits_expand(a->bits + from, a->mask ? a->mask + from : NULL,
                          (tally_span){0, 64 * words}, rate, steps);
        for (size_t k = i; k < end; k++)
            w[k] -= p->shrink * w[k] + steps[k - first];
    }
}

void tally_signs_apply(tally_pieces pieces, double rate, const tally_view *agreed,
                       tally_real *w)
{
    tally_real signed_rate = (tally_real)rate;
    tally_piece p;

    if (agreed->bits) signed_rate *= tally_sign(agreed->scale);
    while (tally_pieces_next(&pieces, &p)) {
        if (agreed->bits)
            move_by_bits(&p, signed_rate, agreed, w);
        else
            move_by_numbers(&p, signed_rate, agreed->values, w);
    }
}

/* decay.h — a span cut into pieces in which every weight decays alike.
 *
 * Weight decay holds for some tensors and not for others.  A rule walks the pieces and
 * has two constants in each, so that decay costs no pass over memory of its own:
 *
 *     tally_pieces pieces = tally_pieces_of(r->layout, s, o->l2, t->rate * o->decay);
 *     tally_piece p;
 *
 *     while (tally_pieces_next(&pieces, &p))
 *         for (size_t i = p.first; i < p.end; i++)
 *             w[i] -= p.shrink * w[i] + rate * (g[i] + p.l2 * w[i]); */

#ifndef TALLY_RULE_DECAY_H
#define TALLY_RULE_DECAY_H

#include "tally/rule.h"

typedef struct tally_piece {
    size_t first, end; /* coordinates first .. end - 1 */
    tally_real l2;     /* coupled: g + l2 w stands for g; 0 where nothing decays */
    tally_real shrink; /* decoupled, rate included: w - shrink w; 0 likewise */
} tally_piece;

typedef struct tally_pieces {
    const tally_layout *layout; /* borrowed */
    size_t at, end;             /* what is left of the span */
    double l2, shrink;
} tally_pieces;

tally_pieces tally_pieces_of(const tally_layout *layout, tally_span s, double l2,
                             double shrink);

/* The next piece, in order; false when there is none left. */
bool tally_pieces_next(tally_pieces *pieces, tally_piece *piece);

#endif

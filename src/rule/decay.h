/* decay.h — a span cut into stretches in which every weight decays alike.
 *
 * Weight decay holds for some tensors and not for others.  A rule walks the stretches
 * and has two constants in each, so that decay costs no pass over memory of its own:
 *
 *     tally_stretches all = tally_stretches_of(r->layout, s, o->l2, rate * o->decay);
 *     tally_stretch p;
 *
 *     while (tally_stretches_next(&all, &p))
 *         for (size_t i = p.first; i < p.end; i++)
 *             w[i] -= p.shrink * w[i] + rate * (g[i] + p.l2 * w[i]); */

#ifndef TALLY_RULE_DECAY_H
#define TALLY_RULE_DECAY_H

#include "tally/rule.h"

typedef struct tally_stretch {
    size_t first, end; /* coordinates first .. end - 1 */
    tally_real l2;     /* coupled: g + l2 w stands for g; 0 where nothing decays */
    tally_real shrink; /* decoupled, rate included: w - shrink w; 0 likewise */
} tally_stretch;

typedef struct tally_stretches {
    const tally_layout *layout; /* borrowed */
    size_t at, end;             /* what is left of the span */
    double l2, shrink;
} tally_stretches;

tally_stretches tally_stretches_of(const tally_layout *layout, tally_span s, double l2,
                                   double shrink);

/* The next stretch, in order; false when there is none left. */
bool tally_stretches_next(tally_stretches *stretches, tally_stretch *stretch);

#endif

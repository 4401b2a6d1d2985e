/* decay.c — weight decay, on the tensors that decay.
 *
 *     decoupled   w <- w - rate decay w                   beside the step
 *     coupled     g <- g + decay w                        an L2 penalty: inside the
 * step
 *
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, arXiv:1711.05101,
 * tell the two apart.  The decoupled form subtracts instead of scaling by 1 - rate
 * decay: in single precision that factor is 1 as soon as rate decay is below 6e-8. */

#include "rule/decay.h"

tally_pieces tally_pieces_of(const tally_layout *layout, tally_span s, double l2,
                             double shrink)
{
    return (tally_pieces){layout, s.first, s.first + s.count, l2, shrink};
}

/* Where the run of tensors that decay like the one at coordinate `at` ends. */
static size_t end_of_run(const tally_layout *layout, size_t at, bool *decays)
{
    const tally_tensor *t = tally_layout_tensor(layout, at);
    const tally_tensor *past = layout->tensors + layout->count;

    *decays = t->decays;
    while (t + 1 < past && t[1].decays == *decays)
        t++;
    return t->span.first + t->span.count;
}

bool tally_pieces_next(tally_pieces *pieces, tally_piece *piece)
{
    bool decays = false, some = pieces->l2 > 0 || pieces->shrink > 0;
    size_t end = pieces->end;

    if (pieces->at >= pieces->end) return false;
    if (some) end = end_of_run(pieces->layout, pieces->at, &decays);
    *piece = (tally_piece){
        .first = pieces->at,
        .end = end < pieces->end ? end : pieces->end,
        .l2 = decays ? (tally_real)pieces->l2 : 0,
        .shrink = decays ? (tally_real)pieces->shrink : 0,
    };
    pieces->at = piece->end;
    return true;
}

void tally_decay(const tally_layout *layout, tally_span s, double rate, double decay,
                 tally_real *w)
{
    tally_pieces pieces = tally_pieces_of(layout, s, 0, rate * decay);
    tally_piece p;

    while (rate * decay > 0 && tally_pieces_next(&pieces, &p))
        for (size_t i = p.first; i < p.end && p.shrink > 0; i++)
            w[i] -= p.shrink * w[i];
}

void tally_decay_into(const tally_layout *layout, tally_span s, double decay,
                      const tally_real *w, tally_real *g)
{
    tally_pieces pieces = tally_pieces_of(layout, s, decay, 0);
    tally_piece p;

    while (decay > 0 && tally_pieces_next(&pieces, &p))
        for (size_t i = p.first; i < p.end && p.l2 > 0; i++)
            g[i] += p.l2 * w[i];
}

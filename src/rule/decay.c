/* decay.c — weight decay, on the tensors that decay.
 *
 *     decoupled   w <- w - rate decay w                   beside the step
 *     coupled     g <- g + decay w                        an L2 penalty, in the step
 *
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, arXiv:1711.05101,
 * tell the two apart.  The decoupled form subtracts instead of scaling by 1 - rate
 * decay: in single precision that factor is 1 as soon as rate decay is below 6e-8. */

#include "rule/decay.h"

tally_stretches tally_stretches_of(const tally_layout *layout, tally_span s, double l2,
                                   double shrink)
{
    return (tally_stretches){layout, s.first, s.first + s.count, l2, shrink};
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

bool tally_stretches_next(tally_stretches *stretches, tally_stretch *stretch)
{
    bool decays = false, some = stretches->l2 > 0 || stretches->shrink > 0;
    size_t end = stretches->end;

    if (stretches->at >= stretches->end) return false;
    if (some) end = end_of_run(stretches->layout, stretches->at, &decays);
    *stretch = (tally_stretch){
        .first = stretches->at,
        .end = end < stretches->end ? end : stretches->end,
        .l2 = decays ? (tally_real)stretches->l2 : 0,
        .shrink = decays ? (tally_real)stretches->shrink : 0,
    };
    stretches->at = stretch->end;
    return true;
}

void tally_decay(const tally_layout *layout, tally_span s, double rate, double decay,
                 tally_real *w)
{
    tally_stretches stretches = tally_stretches_of(layout, s, 0, rate * decay);
    tally_stretch p;

    while (rate * decay > 0 && tally_stretches_next(&stretches, &p))
        for (size_t i = p.first; i < p.end && p.shrink > 0; i++)
            w[i] -= p.shrink * w[i];
}

void tally_decay_into(const tally_layout *layout, tally_span s, double decay,
                      const tally_real *w, tally_real *g)
{
    tally_stretches stretches = tally_stretches_of(layout, s, decay, 0);
    tally_stretch p;

    while (decay > 0 && tally_stretches_next(&stretches, &p))
        for (size_t i = p.first; i < p.end && p.l2 > 0; i++)
            g[i] += p.l2 * w[i];
}

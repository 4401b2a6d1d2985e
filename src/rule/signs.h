/* signs.h — a step of one length for every weight: signsgd and signum share it. */

#ifndef TALLY_RULE_SIGNS_H
#define TALLY_RULE_SIGNS_H

#include "rule/decay.h"

/* 1, -1, or 0 for zero and NaN; no branch, so that loops over it become vector code. */
static inline tally_real tally_sign(tally_real x)
{
    return (tally_real)(x > 0) - (tally_real)(x < 0);
}

/* w <- w - shrink w - rate sign(agreed), from bits or from numbers; the stretches hold
 * rate decay as their shrink.  Both forms of a view give the same bits of w. */
void tally_signs_apply(tally_stretches stretches, double rate, const tally_view *agreed,
                       tally_real *w);

#endif

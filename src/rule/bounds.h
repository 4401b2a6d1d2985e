/* bounds.h — the arithmetic that adabound and amsbound share. */

#ifndef TALLY_RULE_BOUNDS_H
#define TALLY_RULE_BOUNDS_H

#include "tally/rule.h"

typedef struct tally_bounds {
    double beta1, beta2, epsilon;
    double final; /* in units of the rate */
    double gamma; /* how fast the bounds close */
    double l2, decay;
} tally_bounds;

/* apply of both rules; their options are a tally_bounds, their slots "m", "v" and, for
 * the step over the greatest v so far, "h". */
tally_status tally_bounds_apply(tally_rule *r, const tally_step *t, tally_span s,
                                tally_real *w, tally_view agreed);

#endif

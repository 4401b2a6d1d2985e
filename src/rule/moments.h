/* moments.h — the arithmetic that adam and its relatives share. */

#ifndef TALLY_RULE_MOMENTS_H
#define TALLY_RULE_MOMENTS_H

#include "tally/rule.h"

typedef struct tally_moments {
    double beta1, beta2, epsilon;
    double l2;    /* coupled: added to the gradient */
    double decay; /* decoupled: beside the step */
} tally_moments;

/* Slots "m" and "v", for the table of a rule. */
extern const tally_slot tally_moments_slots[];

/* What a step multiplies by.  step: the rate with the correction of m; root: 1 /
 * sqrt(1 - beta2^t). */
typedef struct tally_moments_weights {
    tally_real beta1, rest1, beta2, rest2, epsilon, step, root;
} tally_moments_weights;

tally_moments_weights tally_moments_weights_of(const tally_moments *o,
                                               const tally_step *t);

/* apply of adam and adamw; their options are a tally_moments. */
tally_status tally_moments_apply(tally_rule *r, const tally_step *t, tally_span s,
                                 tally_real *w, tally_view agreed);

#endif

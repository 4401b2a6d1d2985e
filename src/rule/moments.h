/* moments.h — the arithmetic that adam and adamw share. */

#ifndef TALLY_RULE_MOMENTS_H
#define TALLY_RULE_MOMENTS_H

#include "tally/rule.h"

typedef struct tally_moments {
    double beta1, beta2, epsilon;
    double l2;    /* coupled: added to the gradient */
    double decay; /* decoupled: beside the step */
} tally_moments;

/* Slots "m" and "v", for the table of either rule. */
extern const tally_slot tally_moments_slots[];

/* apply of both rules; their options are a tally_moments. */
tally_status tally_moments_apply(tally_rule *r, const tally_step *t, tally_span s,
                                 tally_real *w, tally_view agreed);

#endif

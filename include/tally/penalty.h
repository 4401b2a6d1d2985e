/* penalty.h — what is minimised beside the loss: a function of the weights alone. */

#ifndef TALLY_PENALTY_H
#define TALLY_PENALTY_H

#include "tally/objective.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally_penalty_ops {
    tally_about about;
    /* g[s] <- g[s] + share times the slope of the penalty at w[s]; w and g start at
     * coordinate 0.  Returns the penalty of w[s], not its share. */
    double (*add)(const void *options, tally_span s, double share, const tally_real *w,
                  tally_real *g);
} tally_penalty_ops;

typedef struct tally_penalty {
    const tally_penalty_ops *ops; /* NULL: no penalty */
    void *options;                /* owned */
} tally_penalty;

extern TALLY_API const tally_family tally_penalty_family;
TALLY_API tally_status tally_register_penalty(const tally_penalty_ops *ops);

/* spec "none" gives a penalty without ops. */
TALLY_API tally_status tally_penalty_open(tally_penalty *p, const char *spec);
TALLY_API void tally_penalty_close(tally_penalty *p);

/* The same over those tensors of s that decay; p must have ops.  Local. */
TALLY_API double tally_penalty_add(const tally_penalty *p, const tally_layout *layout,
                                   tally_span s, double share, const tally_real *w,
                                   tally_real *g);

/* Makes f the objective `of` with the penalty p in the loss of every sample, so that
 * the ranks' shares add up to one whole penalty however samples are dealt.  `gradient`
 * has it in its loss too; `value` measures the loss alone, as evaluation wants it. Both
 * are borrowed and must outlive f; tally_objective_close(f) leaves them as they are.
 * Returns TALLY_MEMORY.  Local. */
TALLY_API tally_status tally_penalise(tally_objective *f, tally_objective *of,
                                      const tally_penalty *p);

#ifdef __cplusplus
}
#endif
#endif

/* objective.h — weights in, loss and gradient out.
 *
 * An objective is what is minimised: usually a model on a data source (tally_net), or a
 * C function of your own.  It never sees ranks: it is given samples, and their weight.
 */

#ifndef TALLY_OBJECTIVE_H
#define TALLY_OBJECTIVE_H

#include "tally/source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sums over samples, so that ranks can add them exactly. */
typedef struct tally_score {
    double loss_sum;
    uint64_t correct, count;
} tally_score;

/* Told when a span of the gradient is final, so that it can travel at once. */
typedef struct tally_listener {
    tally_status (*ready)(void *context, tally_span s); /* NULL: nobody listens */
    void *context;
} tally_listener;

typedef struct tally_cost {
    double flops, bytes; /* of one gradient call; 0: unknown */
} tally_cost;

typedef struct tally_objective tally_objective;

typedef struct tally_objective_ops {
    const char *name;
    /* Fills w by a function of (seed, index) alone. */
    tally_status (*init)(tally_objective *f, uint64_t seed, tally_real *w);
    /* g <- s.weight * sum of the samples' gradients at w; adds to *score.  Every
     * coordinate is written, also when s.count is 0.  Calls l.ready as soon as a piece
     * is final: the pieces tile the vector from its end to its start. */
    tally_status (*gradient)(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score);
    /* Optional: fetches what the next gradient, of these samples, begins with, while
     * messages travel.  That gradient is the same with and without. */
    tally_status (*fetch)(tally_objective *f, tally_samples s);
    tally_status (*value)(tally_objective *f, const tally_real *w, tally_samples s,
                          tally_score *score);
    tally_cost (*cost)(const tally_objective *f, tally_samples s); /* optional */
    void (*close)(tally_objective *f);                             /* optional */
} tally_objective_ops;

struct tally_objective {
    const tally_objective_ops *ops;
    tally_layout layout; /* owned */
    const tally_source
        *source;     /* borrowed; NULL: no data, every call is one "sample" */
    bool classifies; /* score.correct means something */
    void *inner;
};

TALLY_API void tally_objective_close(tally_objective *f);

#ifdef __cplusplus
}
#endif
#endif

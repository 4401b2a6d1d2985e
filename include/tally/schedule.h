/* schedule.h — the rate over time, and bounds on the gradient. */

#ifndef TALLY_SCHEDULE_H
#define TALLY_SCHEDULE_H

#include "tally/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally_schedule_ops {
    tally_about about;
    /* The factor for step `step` of `steps`, both counted after warm-up, step from 0.
     */
    double (*factor)(const void *options, uint64_t step, uint64_t steps);
} tally_schedule_ops;

typedef struct tally_schedule {
    const tally_schedule_ops *ops;
    void *options;   /* owned */
    double rate;     /* the base rate */
    uint64_t warmup; /* steps of linear growth to the base rate */
    uint64_t steps;  /* of the whole run, warm-up included */
    double start;    /* where warm-up starts: at step 0; 0: one step before it */
} tally_schedule;

extern TALLY_API const tally_family tally_schedule_family;
TALLY_API tally_status tally_register_schedule(const tally_schedule_ops *ops);

TALLY_API tally_status tally_schedule_open(tally_schedule *s, const char *spec,
                                           double rate, uint64_t warmup,
                                           uint64_t steps);
TALLY_API void tally_schedule_close(tally_schedule *s);

/* What a rate that suits a global batch of `reference` is multiplied by for `batch`:
 * batch / reference or its square root; 1 for TALLY_SCALING_NONE. */
typedef enum tally_scaling {
    TALLY_SCALING_NONE,
    TALLY_SCALING_LINEAR,
    TALLY_SCALING_SQRT
} tally_scaling;

TALLY_API double tally_scaling_factor(tally_scaling scaling, uint64_t batch,
                                      uint64_t reference);

/* The rate of step `step`, counted from 0. */
TALLY_API double tally_schedule_rate(const tally_schedule *s, uint64_t step);

typedef struct tally_clip tally_clip;

typedef struct tally_clip_ops {
    tally_about about;
    /* Bounds v in place; *norm is what it measured before. */
    tally_status (*bound)(const tally_clip *c, tally_real *v, size_t length,
                          double *norm);
} tally_clip_ops;

/* Scope: `local` bounds each rank's own gradient before it is proposed, `agreed` bounds
 * what the ranks agreed on.  They are two different algorithms; both need all of g, so
 * either one turns off applying span by span. */
struct tally_clip {
    const tally_clip_ops *ops; /* NULL: no clipping */
    void *options;             /* owned; its first field is the scope */
};

typedef enum tally_clip_scope { TALLY_CLIP_AGREED, TALLY_CLIP_LOCAL } tally_clip_scope;

extern TALLY_API const tally_family tally_clip_family;
TALLY_API tally_status tally_register_clip(const tally_clip_ops *ops);

/* spec "none" gives a clip without ops. */
TALLY_API tally_status tally_clip_open(tally_clip *c, const char *spec);
TALLY_API void tally_clip_close(tally_clip *c);
TALLY_API tally_clip_scope tally_clip_scope_of(const tally_clip *c);

#ifdef __cplusplus
}
#endif
#endif

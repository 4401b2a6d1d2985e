/* errand.h — a whole run on a problem that the dullest code can follow, and a record of
 * what every rank did in it.
 *
 *     f(w) = mean over rows r of 1/2 (x_r . w - y_r)^2
 *
 * on rows of random numbers, with three tensors of 200, 300 and 100 weights.  Meant for
 * self and sim, whose ranks share the record. */

#ifndef TEST_ERRAND_H
#define TEST_ERRAND_H

#include "tally/run.h"

enum {
    ERRAND_LENGTH = 600, /* weights: more than one span with bucket=1 */
    ERRAND_ROWS = 64,    /* at most */
    ERRAND_RANKS = 8,    /* at most */
    ERRAND_STEPS = 64    /* recorded of each rank */
};

/* What one rank was asked in one step. */
typedef struct errand_call {
    size_t count;
    uint64_t rows[ERRAND_ROWS];
    tally_real at[ERRAND_LENGTH]; /* where the gradient was taken */
} errand_call;

/* What one rank did, and what it ended with. */
typedef struct errand_rank {
    errand_call call[ERRAND_STEPS]; /* by step, from 0 */
    tally_status status;
    char sentence[512];
    tally_real w[ERRAND_LENGTH];
    size_t spans; /* of its plan */
    uint64_t steps_per_epoch;
    tally_result result;
    tally_tale tale; /* of a server; its workers are in `worker` */
    tally_worker_tale worker[ERRAND_RANKS];
} errand_rank;

typedef struct errand {
    const char *settings; /* "rule=sgd batch=4": what every rank sets */
    size_t rows;          /* at most ERRAND_ROWS; 0: no data, one "sample" at row 0 */
    tally_observer observer;
    const char *resume;
    /* Optional: more to set on one rank, and what to do with an open run instead of
     * training.  `use` is called with the errand. */
    const char *other_settings;
    int other_rank;
    tally_status (*use)(struct errand *e, tally_run *run);
    /* Optional: seconds that gradient `call` of a rank takes, on simulated ranks. */
    double (*delay)(int rank, uint64_t call);
    /* The loss and coordinate 250 of the gradient become NAN here; step from 1, 0:
     * nowhere. */
    int bad_rank;
    uint64_t bad_step;

    /* What came of it. */
    double largest;                  /* residual that any gradient saw */
    unsigned scored[3][ERRAND_ROWS]; /* times that value() saw a row of a split */
    unsigned trained[ERRAND_ROWS];   /* times that gradient() saw a row */
    errand_rank *rank;               /* ERRAND_RANKS of them, owned */
} errand;

/* The body of a rank; context: errand.  e->rank must be there. */
tally_status errand_body(tally_comm *c, void *context);

/* Forgets what came of it before, then runs it; returns what tally_launch does. */
tally_status errand_run(errand *e, const char *comm);
void errand_close(errand *e);

/* Entry i of row r, below 1/16, and what the row should give, a whole number up to 3.
 */
double errand_x(uint64_t row, size_t i);
int32_t errand_y(uint64_t row);

/* g <- weight * sum of the gradients of `count` rows at w. */
void errand_gradient(const tally_real *w, const uint64_t *rows, size_t count,
                     double weight, double *g);

/* 1/2 (x . w - y)^2 of a row. */
double errand_loss(const tally_real *w, uint64_t row);

/* The weights after step t (from 0) of a rank: where the next gradient was taken, or
 * what the run ended with.  For rules that look at the weights themselves. */
const tally_real *errand_after(const errand *e, int rank, uint64_t t, uint64_t steps);

#endif

/* loops.h — what an iteration does to values one by one, compiled for each instruction
 * set (num/isa.h): the same bits on each.
 *
 * Matrices are rows × width, row-major; where a count of values is asked for, any shape
 * will do.  Arrays that are written are nobody else's.  Sums are in double, in eight
 * lanes that are added in order. */

#ifndef TALLY_TRAINER_ADMM_LOOPS_H
#define TALLY_TRAINER_ADMM_LOOPS_H

#include "tally/layout.h"

typedef struct admm_size {
    size_t rows, width;
} admm_size;

/* f(z) = z > 0 ? z : slope z; hold and near are step and choice of admm_prox. */
typedef struct admm_branch {
    tally_real slope, hold, near;
} admm_branch;

typedef struct admm_weights {
    tally_real nu, rho;
} admm_weights;

/* The two sides of the constraint p = q, and its dual. */
typedef struct admm_cut {
    const tally_real *p, *q, *u;
} admm_cut;

/* What q agrees with: p of the layer above, the dual, f(z). */
typedef struct admm_sides {
    const tally_real *p, *u, *f;
} admm_sides;

typedef struct admm_loops {
    /* <a, b>, |a - b|^2, <u, a - b> */
    double (*dot)(size_t count, const tally_real *a, const tally_real *b);
    double (*distance)(size_t count, const tally_real *a, const tally_real *b);
    double (*lean)(size_t count, const tally_real *u, const tally_real *a,
                   const tally_real *b);
    /* sums[j] <- sums[j] + what is in column j of r, row by row */
    void (*add_columns)(admm_size s, const tally_real *r, double *sums);

    /* x <- x + factor d */
    void (*add)(size_t count, tally_real factor, const tally_real *d, tally_real *x);
    /* r <- scale (y + b - z) */
    void (*residual)(admm_size s, tally_real scale, const tally_real *y,
                     const tally_real *b, const tally_real *z, tally_real *r);
    /* f <- f(z) */
    void (*activate)(size_t count, tally_real slope, const tally_real *z,
                     tally_real *f);
    /* z <- argmin as admm_solve_hidden has it */
    void (*solve)(admm_size s, admm_branch f, const tally_real *y, const tally_real *b,
                  const tally_real *q, tally_real *z);

    /* g <- g + u + rho (p - q) */
    void (*pull)(size_t count, tally_real rho, admm_cut c, tally_real *g);
    /* q <- (rho p + u + nu f) / (rho + nu) */
    void (*agree)(size_t count, admm_weights w, admm_sides s, tally_real *q);
    /* u <- u + rho (p - q) */
    void (*climb)(size_t count, tally_real rho, const tally_real *p,
                  const tally_real *q, tally_real *u);
} admm_loops;

extern const admm_loops admm_loops_table, admm_loops_table_avx2,
    admm_loops_table_avx512;

#endif

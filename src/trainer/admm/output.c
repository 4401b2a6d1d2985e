/* output.c — the last z: a strictly convex problem in each row of a few classes.
 *
 *     min over z of  ln sum_i exp(z_i) - y'z + nu/2 |z - m|^2
 *     g = s - y + nu (z - m),  s = softmax(z),  Hessian D - s s',  D = diag(s + nu)
 *     d = -(D^-1 g + D^-1 s (s' D^-1 g) / sum_i nu s_i / (s_i + nu))
 *
 * Newton by the formula of Sherman and Morrison: O(classes) an iteration, at most about
 * 20 of them at nu = 1e-6, from the z before; halved until the objective falls
 * (Armijo), with slack for rounding.  In double in either build.
 *
 * The released code (variant=released) takes 50 iterations of FISTA with the step 4,
 * twice the safe one, and stops when the objective of all rows changes by less than
 * 1e-3: Beck and Teboulle, A Fast Iterative Shrinkage-Thresholding Algorithm, 2009. */

#include "trainer/admm/admm.h"

#include <math.h>
#include <string.h>

enum { NEWTON_MOST = 100, FISTA_MOST = 50 };

/* A row's problem; all arrays of `classes` in a->column. */
typedef struct row {
    size_t classes, label;
    double nu;
    const double *m;
    double *z, *s, *d, *next;
} row;

/* s <- softmax(z); returns the objective. */
static double value(const row *r, const double *z, double *s)
{
    double most = z[0], sum = 0, away = 0;

    for (size_t i = 1; i < r->classes; i++)
        most = z[i] > most ? z[i] : most;
    for (size_t i = 0; i < r->classes; i++) {
        s[i] = exp(z[i] - most);
        sum += s[i];
        away += (z[i] - r->m[i]) * (z[i] - r->m[i]);
    }
    for (size_t i = 0; i < r->classes; i++)
        s[i] /= sum;
    return log(sum) + most - z[r->label] + r->nu / 2 * away;
}

/* d <- the Newton step; returns <g, d>, and the largest |g_i| in *steepest. */
static double direction(const row *r, double *steepest)
{
    double along = 0, curve = 0, slope = 0;

    *steepest = 0;
    for (size_t i = 0; i < r->classes; i++) {
        double g = r->s[i] - (i == r->label ? 1 : 0) + r->nu * (r->z[i] - r->m[i]);

        r->next[i] = g;
        r->d[i] = g / (r->s[i] + r->nu);
        along += r->s[i] * r->d[i];
        curve += r->nu * r->s[i] / (r->s[i] + r->nu);
        if (fabs(g) > *steepest) *steepest = fabs(g);
    }
    for (size_t i = 0; i < r->classes; i++) {
        r->d[i] = -(r->d[i] + r->s[i] / (r->s[i] + r->nu) * along / curve);
        slope += r->next[i] * r->d[i];
    }
    return slope;
}

/* Quadratic convergence ends where rounding begins: the gradient then stops falling. */
static void newton(row *r)
{
    double f = value(r, r->z, r->s), steepest, before = (double)INFINITY;

    for (int k = 0; k < NEWTON_MOST; k++, before = steepest) {
        double slope = direction(r, &steepest), t = 1, f_next = f;

        if (steepest < 1e-9 && steepest > before / 2) return;
        for (;; t /= 2) {
            for (size_t i = 0; i < r->classes; i++)
                r->next[i] = r->z[i] + t * r->d[i];
            f_next = value(r, r->next, r->s);
            if (f_next <= f + 1e-4 * t * slope + 1e-13 * (1 + fabs(f))) break;
            if (t < 0x1p-40) return;
        }
        memcpy(r->z, r->next, r->classes * sizeof *r->z);
        f = f_next;
    }
}

/* m_j <- y + b - minus / scale of row i. */
static void target(const admm_layer *l, size_t i, double scale, const tally_real *minus,
                   double *m)
{
    for (size_t j = 0; j < l->out; j++) {
        size_t at = i * l->out + j;

        m[j] = (double)l->y[at] + (double)l->b[j];
        if (minus) m[j] -= (double)minus[at] / scale;
    }
}

static void solve_exactly(admm *a, admm_layer *l, double scale, const tally_real *minus)
{
    size_t c = l->out;
    double *m = a->column, *z = m + c;
    row r = {c, 0, scale, m, z, z + c, z + 2 * c, z + 3 * c};

    for (size_t i = 0; i < a->n; i++) {
        r.label = (size_t)a->label[i];
        target(l, i, scale, minus, m);
        for (size_t j = 0; j < c; j++)
            z[j] = (double)l->z[i * c + j];
        newton(&r);
        for (size_t j = 0; j < c; j++)
            l->z[i * c + j] = (tally_real)z[j];
    }
}

/* ---- as released ---- */

/* One iteration of a row: zeta <- argmin of R linearised at x, as a proximal step of
 * length 4; x <- zeta + momentum (zeta - the zeta before).  Returns the objective. */
static double fista_step(row *r, double momentum, tally_real *x, tally_real *zeta)
{
    static const double t = 4;

    for (size_t i = 0; i < r->classes; i++)
        r->z[i] = (double)x[i];
    value(r, r->z, r->s);
    for (size_t i = 0; i < r->classes; i++) {
        double grad = r->s[i] - (i == r->label ? 1 : 0);

        r->next[i] = (r->nu * r->m[i] + (r->z[i] - t * grad) / t) / (r->nu + 1 / t);
        x[i] = (tally_real)(r->next[i] + momentum * (r->next[i] - (double)zeta[i]));
        zeta[i] = (tally_real)r->next[i];
    }
    return value(r, r->next, r->s);
}

/* It ends with the extrapolated point, as theirs does. */
static void solve_as_released(admm *a, admm_layer *l, double scale,
                              const tally_real *minus)
{
    size_t c = l->out;
    double *m = a->column, *z = m + c, lambda = 1, last = (double)INFINITY;
    row r = {c, 0, scale, m, z, z + c, z + 2 * c, z + 3 * c};

    memcpy(a->trial, l->z, a->n * c * sizeof *l->z);
    for (int k = 0; k < FISTA_MOST; k++) {
        double next = (1 + sqrt(1 + 4 * lambda * lambda)) / 2, sum = 0;

        for (size_t i = 0; i < a->n; i++) {
            r.label = (size_t)a->label[i];
            target(l, i, scale, minus, m);
            sum += fista_step(&r, (lambda - 1) / next, l->z + i * c, a->trial + i * c);
        }
        if (fabs(last - sum) < 1e-3) return;
        lambda = next;
        last = sum;
    }
}

void admm_solve_output(admm *a, admm_layer *l, double scale, const tally_real *minus)
{
    if (a->o->variant == ADMM_RELEASED)
        solve_as_released(a, l, scale, minus);
    else
        solve_exactly(a, l, scale, minus);
}

double admm_risk(const admm *a, const admm_layer *l)
{
    double risk = 0;

    for (size_t i = 0; i < a->n; i++) {
        const tally_real *z = l->z + i * l->out;
        double most = (double)z[0], sum = 0;

        for (size_t j = 1; j < l->out; j++)
            most = (double)z[j] > most ? (double)z[j] : most;
        for (size_t j = 0; j < l->out; j++)
            sum += exp((double)z[j] - most);
        risk += log(sum) + most - (double)z[a->label[i]];
    }
    return risk;
}

/* check.c — what the papers prove, verified as the run goes (check=true).
 *
 *     each step of pdADMM lowers the Lagrangian, other blocks held, by at least
 *         p  tau/2 |dp|^2 (on a grid: 0)     W  theta/2 |dW|^2
 *         b  n nu/2 |db|^2                   z  nu/2 |dz|^2 (the last: 0 more)
 *     after each iteration
 *         u = nu (q - f(z)), when q is real   p and q lie on their grid
 *         nu (z_L - W p - b) = Y - softmax(z_L)
 *
 * Wang et al. 2021, lemmas 1 to 4.  Comparisons leave room for rounding: sums of
 * squares of numbers that each carry a few units in the last place.  Costs about as
 * much as the elementwise part of an iteration again. */

#include "trainer/admm/admm.h"

#include <math.h>
#include <string.h>

static double room_for_rounding(void)
{
    return sizeof(tally_real) == sizeof(double) ? 1e-11 : 2e-5;
}

/* The terms of the Lagrangian in which p, W, b or z of this layer stand. */
static double energy(admm *a, const admm_layer *l, double *size)
{
    size_t in = a->n * l->in, out = a->n * l->out;
    double fit, dual = 0, gap = 0, away = 0, nu = a->scalars->nu;

    admm_residual(a, l, 1, NULL);
    fit = admm_dot(a->r, a->r, out);
    for (size_t i = 0; l->index > 1 && i < in; i++) {
        double d = (double)l->p[i] - (double)l->q_below[i];

        dual += (double)l->u_below[i] * d;
        gap += d * d;
    }
    for (size_t i = 0; l->q && i < out; i++) {
        double f = (double)(l->z[i] > 0 ? l->z[i] : l->slope * l->z[i]);

        away += ((double)l->q[i] - f) * ((double)l->q[i] - f);
    }
    double squares = nu / 2 * (fit + away) + a->scalars->rho / 2 * gap;

    squares += a->o->mu / 2 * admm_dot(l->w, l->w, l->in * l->out);
    if (!l->q) squares += admm_risk(a, l);
    /* What rounds in y + b - z is as large as z, however small the difference. */
    double z = nu / 2 * admm_dot(l->z, l->z, out);

    *size = squares + fabs(dual) + 10 * room_for_rounding() * z;
    return squares + dual;
}

void admm_check_begin(admm *a, const admm_layer *l)
{
    if (!a->o->check || a->n < a->total) return;
    memcpy(a->before_z, l->z, a->n * l->out * sizeof *l->z);
    memcpy(a->before_b, l->b, l->out * sizeof *l->b);
    a->before = energy(a, l, &a->size);
}

static double moved(const tally_real *from, const tally_real *to, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += ((double)to[i] - (double)from[i]) * ((double)to[i] - (double)from[i]);
    return sum;
}

/* What the step must have lowered the Lagrangian by; l->moved is |dp|^2 or |dW|^2. */
static double owed(const admm *a, const admm_layer *l, char block)
{
    bool grid = a->o->quantize == ADMM_P || a->o->quantize == ADMM_PQ;
    double nu = a->scalars->nu;

    switch (block) {
    case 'p':
        return grid || isinf(l->tau) ? 0 : l->tau / 2 * l->moved;
    case 'W':
        return isinf(l->theta) ? 0 : l->theta / 2 * l->moved;
    case 'b':
        return (double)a->n * nu / 2 * moved(a->before_b, l->b, l->out);
    default:
        break;
    }
    bool prox = l->q && a->o->variant == ADMM_SPEC;

    return prox ? nu / 2 * moved(a->before_z, l->z, a->n * l->out) : 0;
}

tally_status admm_check_step(admm *a, const admm_layer *l, char block)
{
    if (!a->o->check || a->n < a->total) return TALLY_OK; /* of all rows or none */
    double before = a->before, size = a->size, less = owed(a, l, block);

    a->before = energy(a, l, &a->size);
    memcpy(a->before_z, l->z, a->n * l->out * sizeof *l->z);
    memcpy(a->before_b, l->b, l->out * sizeof *l->b);
    if (a->before <= before - less + room_for_rounding() * (size + a->size))
        return TALLY_OK;
    return TALLY_FAIL(DIVERGED,
                      "check: iteration %llu, layer %zu, step %c: the Lagrangian went "
                      "from %.9g to %.9g, expected at most %.9g",
                      (unsigned long long)a->iteration + 1, l->index, block, before,
                      a->before, before - less);
}

/* ---- after an iteration ---- */

static tally_status no_identity(const admm *a, const admm_layer *l, const char *what,
                                double is, double should)
{
    return TALLY_FAIL(DIVERGED,
                      "check: iteration %llu, layer %zu: %s is %.9g, expected %.9g",
                      (unsigned long long)a->iteration + 1, l->index, what, is, should);
}

static tally_status check_dual(const admm *a, const admm_layer *l)
{
    double nu = a->scalars->nu, rho = a->scalars->rho, room = room_for_rounding();

    for (size_t i = 0; i < a->n * l->out; i++) {
        double f = (double)(l->z[i] > 0 ? l->z[i] : l->slope * l->z[i]);
        double is = (double)l->u[i], should = nu * ((double)l->q[i] - f);
        double size = fabs(is) + (nu + rho) * (fabs(f) + fabs((double)l->q[i]) +
                                               fabs((double)l->p_above[i]));

        if (fabs(is - should) > room * size + 1e-30) /* below: denormal */
            return no_identity(a, l, "u, which nu (q - f(z)) should be,", is, should);
    }
    return TALLY_OK;
}

static tally_status check_grid(admm *a, const admm_layer *l, const char *name,
                               const tally_real *v, size_t count)
{
    memcpy(a->before_grid, v, count * sizeof *v);
    TALLY_TRY(admm_round(a, a->before_grid, count));
    for (size_t i = 0; i < count; i++)
        if (a->before_grid[i] < v[i] || a->before_grid[i] > v[i])
            return no_identity(a, l, name, (double)v[i], (double)a->before_grid[i]);
    return TALLY_OK;
}

tally_status admm_check_output(const admm *a, const admm_layer *l, double scale,
                               const tally_real *minus)
{
    double room = room_for_rounding();

    if (a->o->variant == ADMM_RELEASED) return TALLY_OK;
    for (size_t i = 0; i < a->n; i++) {
        const tally_real *z = l->z + i * l->out;
        double most = (double)z[0], sum = 0;

        for (size_t j = 1; j < l->out; j++)
            most = fmax(most, (double)z[j]);
        for (size_t j = 0; j < l->out; j++)
            sum += exp((double)z[j] - most);
        for (size_t j = 0; j < l->out; j++) {
            size_t k = i * l->out + j;
            double m = (double)l->y[k] + (double)l->b[j];
            double should = ((size_t)a->label[i] == j) - exp((double)z[j] - most) / sum;
            double is = scale * ((double)z[j] - m) + (minus ? (double)minus[k] : 0);

            if (fabs(is - should) >
                room * (1 + fabs(most) + scale * (fabs((double)z[j]) + fabs(m))))
                return no_identity(
                    a, l, "scale (z - m), which Y - softmax(z) should be,", is, should);
        }
    }
    return TALLY_OK;
}

tally_status admm_check_layer(admm *a, const admm_layer *l)
{
    bool p = a->o->quantize == ADMM_P || a->o->quantize == ADMM_PQ;
    bool q = a->o->quantize == ADMM_Q || a->o->quantize == ADMM_PQ;

    if (p && l->index > 1)
        TALLY_TRY(check_grid(a, l, "p, which lies on a grid,", l->p, a->n * l->in));
    if (!l->q) return TALLY_OK;
    if (!q) return check_dual(a, l);
    return check_grid(a, l, "q, which lies on a grid,", l->q, a->n * l->out);
}

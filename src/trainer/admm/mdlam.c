/* mdlam.c — mDLAM: activations in boxes, momentum, and never a step up.
 *
 *     min  F = R(z_L) + mu/2 sum |W_l|^2 + rho/2 sum |z_l - W_l a_{l-1} - b_l|^2
 *     subject to  |a_l - f(z_l)| <= eps, entry by entry (l < L);  no duals
 *
 *     s_{k+1} = (1 + sqrt(1 + 4 s_k^2)) / 2,  omega = (s_k - 1) / s_{k+1},  s_0 = 0
 *     for x in W_l, a_l:  from xbar = x + omega (x - the x before);
 *                         if F does not fall, again from x
 *     for l = 1 .. L:
 *     W_l <- (theta Wbar - G) / (theta + mu),
 *            G = rho (Wbar a_{l-1} + b_l - z_l) a_{l-1}'
 *     b_l <- b_l + mean over samples of z_l - W_l a_{l-1} - b_l
 *     z_l <- the point nearest W_l a_{l-1} + b_l where f(z) is within eps of a_l
 *     z_L <- argmin R(z) + rho/2 |z - W_L a_{L-1} - b_L|^2
 *     a_l <- abar - g / tau, within eps of f(z_l),
 *            g = rho W_{l+1}' (W_{l+1} abar + b_{l+1} - z_{l+1})
 *
 *     eps <- max(eps / 2, eps_least) after each sweep
 *
 * Wang, Zhao et al., Accelerated Gradient-free Neural Network Training by Multi-convex
 * Alternating Optimization, 2018, arXiv:1811.04187.  b and z are exact minimisers,
 * which momentum does not change.  The released code overwrites the old W before it
 * extrapolates: it never accelerates; this does.  When eps has shrunk the a before may
 * lie outside its box: then the new one is taken without comparing.
 * Eight products of 2 n n_l n_{l-1} a layer, up to twice that with the fallback; a_l is
 * p of layer l + 1. */

#include "trainer/admm/admm.h"

#include <math.h>
#include <string.h>

static tally_status open(admm *a)
{
    for (size_t i = 0; i < a->count; i++) {
        admm_layer *l = &a->layers[i];

        TALLY_TRY(admm_keep(a, "old_w", l->index, l->in * l->out, &l->old_w));
        if (i > 0) TALLY_TRY(admm_keep(a, "old_a", i, a->n * l->in, &l->old_p));
        TALLY_TRY(admm_room(a, &l->last_w, l->in * l->out));
        TALLY_TRY(admm_room(a, &l->last_y, a->n * l->out));
        if (i > 0) TALLY_TRY(admm_room(a, &l->last_p, a->n * l->in));
        if (i > 0) TALLY_TRY(admm_room(a, &l->low, a->n * l->in));
        if (i > 0) TALLY_TRY(admm_room(a, &l->high, a->n * l->in));
    }
    a->scalars->s = 0;
    a->scalars->eps = a->o->eps;
    return TALLY_OK;
}

/* The terms of F that hold W_l or a_{l-1}. */
static tally_status terms_of(admm *a, const admm_layer *l, double *f)
{
    double fit;

    admm_residual(a, l, 1, NULL);
    fit = admm_dot(a->r, a->r, a->n * l->out);
    TALLY_TRY(admm_sum_team(a, &fit, 1));
    *f = a->scalars->rho / 2 * fit;
    if (a->o->mu > 0) *f += a->o->mu / 2 * admm_dot(l->w, l->w, l->in * l->out);
    return TALLY_OK;
}

/* x <- x + omega (x - old) */
static void extrapolate(double omega, size_t n, const tally_real *old, tally_real *x)
{
    tally_real by = (tally_real)omega;

    for (size_t i = 0; i < n; i++)
        x[i] += by * (x[i] - old[i]);
}

static tally_status move_w(admm *a, admm_layer *l)
{
    admm_residual(a, l, a->scalars->rho, NULL);
    return admm_move_weights(a, l, a->scalars->rho, a->o->mu, true);
}

static tally_status update_w(admm *a, admm_layer *l)
{
    size_t w = l->in * l->out * sizeof *l->w, y = a->n * l->out * sizeof *l->y;
    double before, after;

    admm_solve_for(a, "W", l);
    TALLY_TRY(terms_of(a, l, &before));
    memcpy(l->last_w, l->w, w);
    memcpy(l->last_y, l->y, y);
    extrapolate(a->scalars->omega, l->in * l->out, l->old_w, l->w);
    admm_product(a, l);
    TALLY_TRY(move_w(a, l));
    TALLY_TRY(terms_of(a, l, &after));
    if (after >= before) {
        memcpy(l->w, l->last_w, w);
        memcpy(l->y, l->last_y, y);
        TALLY_TRY(move_w(a, l));
    }
    memcpy(l->old_w, l->last_w, w);
    return TALLY_OK;
}

static tally_status update_b(admm *a, admm_layer *l)
{
    admm_solve_for(a, "b", l);
    admm_residual(a, l, 1, NULL);
    return admm_move_bias(a, l, 1);
}

/* The ends of { z : f(z) <= top } and { z : f(z) >= bottom }; f does not fall. */
static tally_real highest(tally_real top, tally_real slope)
{
    if (top >= 0) return top;
    return slope > 0 ? top / slope : 0;
}

static tally_real lowest(tally_real bottom, tally_real slope)
{
    if (bottom > 0) return bottom;
    return slope > 0 ? bottom / slope : -(tally_real)INFINITY;
}

static void update_z(admm *a, admm_layer *l)
{
    tally_real eps = (tally_real)a->scalars->eps;

    admm_solve_for(a, "z", l);
    if (l->index == a->count) {
        admm_solve_output(a, l, a->scalars->rho, NULL);
        return;
    }
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < l->out; j++) {
            size_t k = i * l->out + j;
            tally_real m = l->y[k] + l->b[j], it = l->p_above[k];
            tally_real low = lowest(it - eps, l->slope);
            tally_real high = highest(it + eps, l->slope);

            l->z[k] = m > high ? high : m < low ? low : m;
        }
}

static tally_status move_a(admm *a, admm_layer *above)
{
    const admm_bound box = {.low = above->low, .high = above->high};

    admm_residual(a, above, a->scalars->rho, NULL);
    memset(a->g, 0, a->n * above->in * sizeof *a->g);
    return admm_move_input(a, above, a->scalars->rho, 0, &box);
}

/* above->low, high <- the box around f(z_l); *inside: a_l lies in it, on every rank. */
static tally_status set_box(admm *a, const admm_layer *l, admm_layer *above,
                            bool *inside)
{
    tally_real eps = (tally_real)a->scalars->eps, slack = eps * (1 + (tally_real)1e-5);
    double outside = 0;

    for (size_t i = 0; i < a->n * l->out; i++) {
        tally_real f = l->z[i] > 0 ? l->z[i] : l->slope * l->z[i];

        above->low[i] = f - eps;
        above->high[i] = f + eps;
        outside += above->p[i] < f - slack || above->p[i] > f + slack;
    }
    TALLY_TRY(admm_sum_team(a, &outside, 1));
    *inside = outside < 1;
    return TALLY_OK;
}

static tally_status update_a(admm *a, const admm_layer *l, admm_layer *above)
{
    size_t p = a->n * above->in * sizeof *above->p;
    size_t y = a->n * above->out * sizeof *above->y;
    double before, after;
    bool inside = false;

    admm_solve_for(a, "a", l);
    TALLY_TRY(set_box(a, l, above, &inside));
    TALLY_TRY(terms_of(a, above, &before));
    memcpy(above->last_p, above->p, p);
    memcpy(above->last_y, above->y, y);
    extrapolate(a->scalars->omega, a->n * above->in, above->old_p, above->p);
    admm_product(a, above);
    TALLY_TRY(move_a(a, above));
    TALLY_TRY(terms_of(a, above, &after));
    if (inside && after >= before) {
        memcpy(above->p, above->last_p, p);
        memcpy(above->y, above->last_y, y);
        TALLY_TRY(move_a(a, above));
    }
    memcpy(above->old_p, above->last_p, p);
    return TALLY_OK;
}

/* Before the first iteration there is no other point to extrapolate from. */
static void remember_start(admm *a)
{
    for (size_t i = 0; i < a->count; i++) {
        admm_layer *l = &a->layers[i];

        memcpy(l->old_w, l->w, l->in * l->out * sizeof *l->w);
        if (i > 0) memcpy(l->old_p, l->p, a->n * l->in * sizeof *l->p);
    }
}

static tally_status iterate(admm *a, uint64_t iteration)
{
    admm_scalars *k = a->scalars;
    double next = (1 + sqrt(1 + 4 * k->s * k->s)) / 2;

    if (iteration == 0) remember_start(a);
    k->omega = (k->s - 1) / next;
    for (size_t i = 0; i < a->count; i++) {
        admm_layer *l = &a->layers[i];

        TALLY_TRY(update_w(a, l));
        TALLY_TRY(update_b(a, l));
        update_z(a, l);
        if (i + 1 < a->count) TALLY_TRY(update_a(a, l, l + 1));
    }
    k->s = next;
    k->eps = fmax(k->eps / 2, fmin(a->o->eps_least, k->eps));
    return TALLY_OK;
}

static void measure(admm *a, const admm_layer *l, admm_terms *t)
{
    admm_residual(a, l, 1, NULL);
    t->fit = admm_dot(a->r, a->r, a->n * l->out);
    t->ridge = a->o->mu > 0 ? admm_dot(l->w, l->w, l->in * l->out) : 0;
    if (l->index == a->count) {
        t->risk = admm_risk(a, l);
        return;
    }
    for (size_t i = 0; i < a->n * l->out; i++) {
        double f = (double)(l->z[i] > 0 ? l->z[i] : l->slope * l->z[i]);
        double away = fabs((double)l->p_above[i] - f);

        if (away > t->residual) t->residual = away;
    }
}

static double objective(const admm *a, const admm_terms *t)
{
    return t->risk + a->scalars->rho / 2 * t->fit + a->o->mu / 2 * t->ridge;
}

/* Any rho, while the boxes stay as wide as they are. */
static bool descends(const admm *a)
{
    return a->scalars->eps <= a->o->eps_least && a->o->variant == ADMM_SPEC;
}

const admm_method admm_mdlam = {
    .name = "mdlam",
    .defaults = {.nu = 0.001, .rho = 0.001, .mu = 0.05, .deviation = 0.1, .first = 0},
    .sequential = true,
    .residual_is_most = true,
    .open = open,
    .iterate = iterate,
    .measure = measure,
    .lagrangian = objective,
    .objective = objective,
    .descends = descends,
};

/* dladmm.c — dlADMM: a sweep backward and a sweep forward through the layers.
 *
 *     min  R(z_L) + mu/2 sum |W_l|^2
 *          + nu/2 sum_{l<L} (|z_l - W_l a_{l-1} - b_l|^2 + |a_l - f(z_l)|^2)
 *     subject to  z_L = W_L a_{L-1} + b_L,  dual u
 *
 *     c_l = nu,   e_l = W_l a_{l-1} + b_l - z_l              (l < L)
 *     c_L = rho,  e_L = W_L a_{L-1} + b_L - z_L - u / rho
 *     a_l <- a_l - g / tau,    g = c_{l+1} W_{l+1}' e_{l+1} + nu (a_l - f(z_l))
 *     W_l <- W_l - G / theta,  G = c_l e_l a_{l-1}'          (mu: by its proximal map)
 *     b_l <- b_l - mean over samples of e_l
 *     z_l <- argmin (z - W_l a_{l-1} - b_l)^2 + (a_l - f(z))^2
 *     z_L <- argmin R(z) + rho/2 |z - (W_L a_{L-1} + b_L - u / rho)|^2
 *
 *     backward  l = L .. 1:  a_l, z_l, b_l, W_l
 *     forward   l = 1 .. L:  W_l, b_l, z_l, a_l
 *     u <- u + rho (z_L - W_L a_{L-1} - b_L)
 *
 * Wang, Yu, Chen and Zhao, ADMM for Efficient Deep Learning with Global Convergence,
 * 2019, arXiv:1905.13611, algorithm 1.  Here tau and theta are numbers, not a number
 * for each entry, and the bias is minimised exactly: the paper's step is as long for n
 * samples as for one.  Seven products of 2 n n_l n_{l-1} a layer.
 *
 * a_l is p of layer l + 1. */

#include "trainer/admm/admm.h"

static tally_status open(admm *a)
{
    admm_layer *l = &a->layers[a->count - 1];

    return admm_keep(a, "u", l->index, a->n * l->out, &l->u);
}

static double weight_of(const admm *a, const admm_layer *l)
{
    return l->u ? a->scalars->rho : a->scalars->nu;
}

/* a->r <- c_l e_l; u is there for the last layer alone. */
static void residual(admm *a, const admm_layer *l)
{
    admm_residual(a, l, weight_of(a, l), l->u);
}

static tally_status update_a(admm *a, const admm_layer *l, admm_layer *above)
{
    tally_real nu = (tally_real)a->scalars->nu;

    admm_solve_for(a, "a", l);
    residual(a, above);
    for (size_t i = 0; i < a->n * l->out; i++) {
        tally_real f = l->z[i] > 0 ? l->z[i] : l->slope * l->z[i];

        a->g[i] = nu * (above->p[i] - f);
    }
    return admm_move_input(a, above, weight_of(a, above), a->scalars->nu, NULL);
}

static tally_status update_w(admm *a, admm_layer *l)
{
    admm_solve_for(a, "W", l);
    residual(a, l);
    return admm_move_weights(a, l, weight_of(a, l), a->o->mu, true);
}

static tally_status update_b(admm *a, admm_layer *l)
{
    admm_solve_for(a, "b", l);
    residual(a, l);
    return admm_move_bias(a, l, weight_of(a, l));
}

static void update_z(admm *a, admm_layer *l)
{
    admm_solve_for(a, "z", l);
    if (l->u)
        admm_solve_output(a, l, a->scalars->rho, l->u);
    else
        admm_solve_hidden(a, l, l->p_above, (admm_prox){0, 0});
}

static void update_u(const admm *a, admm_layer *l)
{
    tally_real rho = (tally_real)a->scalars->rho;

    admm_solve_for(a, "u", l);
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < l->out; j++) {
            size_t k = i * l->out + j;

            l->u[k] += rho * (l->z[k] - l->y[k] - l->b[j]);
        }
}

static tally_status sweep_backward(admm *a)
{
    for (size_t i = a->count; i-- > 0;) {
        admm_layer *l = &a->layers[i];

        if (!l->u) TALLY_TRY(update_a(a, l, l + 1));
        update_z(a, l);
        TALLY_TRY(update_b(a, l));
        TALLY_TRY(update_w(a, l));
    }
    return TALLY_OK;
}

static tally_status sweep_forward(admm *a)
{
    for (size_t i = 0; i < a->count; i++) {
        admm_layer *l = &a->layers[i];

        TALLY_TRY(update_w(a, l));
        TALLY_TRY(update_b(a, l));
        update_z(a, l);
        if (!l->u) TALLY_TRY(update_a(a, l, l + 1));
        if (l->u && a->o->check)
            TALLY_TRY(admm_check_output(a, l, a->scalars->rho, l->u));
    }
    return TALLY_OK;
}

static tally_status iterate(admm *a, uint64_t iteration)
{
    for (size_t i = 0; i < a->count; i++)
        if (iteration % a->o->refresh == 0) admm_product(a, &a->layers[i]);
    TALLY_TRY(sweep_backward(a));
    TALLY_TRY(sweep_forward(a));
    update_u(a, &a->layers[a->count - 1]);
    return TALLY_OK;
}

static void measure(admm *a, const admm_layer *l, admm_terms *t)
{
    admm_residual(a, l, 1, NULL);
    double fit = admm_dot(a->r, a->r, a->n * l->out);

    t->ridge = a->o->mu > 0 ? admm_dot(l->w, l->w, l->in * l->out) : 0;
    if (l->u) {
        t->risk = admm_risk(a, l);
        t->residual = fit;
        t->dual = -admm_dot(l->u, a->r, a->n * l->out);
        return;
    }
    t->fit = fit;
    for (size_t i = 0; i < a->n * l->out; i++) {
        double f = (double)(l->z[i] > 0 ? l->z[i] : l->slope * l->z[i]);

        t->activation += ((double)l->p_above[i] - f) * ((double)l->p_above[i] - f);
    }
}

static double objective(const admm *a, const admm_terms *t)
{
    return t->risk + a->scalars->nu / 2 * (t->fit + t->activation) +
           a->o->mu / 2 * t->ridge;
}

static double lagrangian(const admm *a, const admm_terms *t)
{
    return objective(a, t) + t->dual + a->scalars->rho / 2 * t->residual;
}

/* Theorem 1: rho > 2 H, where H = 1/2 is the Lipschitz constant of the gradient of R.
 */
static bool descends(const admm *a)
{
    return a->scalars->rho > 1 && a->o->variant == ADMM_SPEC;
}

const admm_method admm_dladmm = {
    .name = "dladmm",
    .defaults = {.nu = 0.001, .rho = 0.001, .mu = 0, .deviation = 0, .first = 0},
    .sequential = true,
    .open = open,
    .iterate = iterate,
    .measure = measure,
    .lagrangian = lagrangian,
    .objective = objective,
    .descends = descends,
};

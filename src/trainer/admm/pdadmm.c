/* pdadmm.c — pdADMM-G and pdADMM-G-Q: every layer is updated at the same time.
 *
 *     min  R(z_L) + nu/2 sum |z_l - W_l p_l - b_l|^2 + nu/2 sum |q_l - f(z_l)|^2
 *          + mu/2 sum |W_l|^2          subject to  p_{l+1} = q_l,  duals u_l
 *
 *     r_l = W_l p_l + b_l - z_l
 *     p_l <- p_l - g / tau,    g = nu W_l' r_l + u_{l-1} + rho (p_l - q_{l-1})
 *     W_l <- W_l - G / theta,  G = nu r_l p_l' + mu W_l
 *     b_l <- b_l - mean over samples of r_l
 *     z_l <- argmin (z - W_l p_l - b_l)^2 + (q_l - f(z))^2 + (z - z_l)^2,
 *     z_L <- argmin R(z) + nu/2 |z - W_L p_L - b_L|^2
 *     q_l <- (rho p_{l+1} + u_l + nu f(z_l)) / (rho + nu)
 *     u_l <- u_l + rho (p_{l+1} - q_l)
 *
 * Wang, Li, Qi, Chai and Zhao, Towards Quantized Model Parallelism for Graph-Augmented
 * MLPs Based on Gradient-Free ADMM Framework, 2021, arXiv:2105.09837; Wang et al.,
 * Toward Model Parallelism for Deep Neural Network based on Gradient-free ADMM
 * Framework, 2020, arXiv:2009.02868.  With quantize=p each p is the nearest point of a
 * grid, with pq each q too.  docs/admm.md says where we depart: the bias, the branch of
 * z, the last z, u that is never sent.
 *
 * A rank has a block of layers.  p of its first layer is under way while it updates W,
 * b and z; q of its last layer while the next iteration updates p of the layers above
 * its first.  Four products of 2 n n_l n_{l-1} a layer; 5 matrices of n n_l values. */

#include "trainer/admm/admm.h"

#include <math.h>

enum { P_NUMBER = 1, Q_NUMBER = 2 }; /* of the exchange channel */

static int tag_p(void)
{
    return TALLY_TAG(TALLY_EXCHANGE, P_NUMBER);
}

static int tag_q(void)
{
    return TALLY_TAG(TALLY_EXCHANGE, Q_NUMBER);
}

static tally_status open(admm *a)
{
    for (size_t i = 0; i + 1 < a->count; i++) {
        admm_layer *l = &a->layers[i];

        if (l->owner != a->group) continue;
        TALLY_TRY(admm_keep(a, "q", l->index, a->n * l->out, &l->q));
        TALLY_TRY(admm_keep(a, "u", l->index, a->n * l->out, &l->u));
    }
    return TALLY_OK;
}

/* ---- one layer ---- */

static tally_status update_p(admm *a, admm_layer *l)
{
    static const admm_bound grid = {.grid = true};
    bool quantised = a->o->quantize == ADMM_P || a->o->quantize == ADMM_PQ;
    tally_real rho = (tally_real)a->scalars->rho;

    admm_residual(a, l, a->scalars->nu, NULL);
    for (size_t i = 0; i < a->n * l->in; i++)
        a->g[i] = l->u_below[i] + rho * (l->p[i] - l->q_below[i]);
    return admm_move_input(a, l, a->scalars->nu, a->scalars->rho,
                           quantised ? &grid : NULL);
}

static tally_status update_w(admm *a, admm_layer *l)
{
    admm_residual(a, l, a->scalars->nu, NULL);
    return admm_move_weights(a, l, a->scalars->nu, a->o->mu, false);
}

static tally_status update_b(admm *a, admm_layer *l)
{
    admm_residual(a, l, 1, NULL);
    return admm_move_bias(a, l, 1);
}

static void update_z(admm *a, admm_layer *l)
{
    bool released = a->o->variant == ADMM_RELEASED;

    if (l->q)
        admm_solve_hidden(a, l, l->q, (admm_prox){1, released ? 0 : 1});
    else
        admm_solve_output(a, l, a->scalars->nu, NULL);
}

static tally_status update_q(admm *a, admm_layer *l)
{
    bool quantised = a->o->quantize == ADMM_Q || a->o->quantize == ADMM_PQ;
    tally_real nu = (tally_real)a->scalars->nu, rho = (tally_real)a->scalars->rho;

    for (size_t i = 0; i < a->n * l->out; i++) {
        tally_real f = l->z[i] > 0 ? l->z[i] : l->slope * l->z[i];

        l->q[i] = (rho * l->p_above[i] + l->u[i] + nu * f) / (rho + nu);
    }
    return quantised ? admm_round(a, l->q, a->n * l->out) : TALLY_OK;
}

/* Both sides of a cut call it, with the same p and q. */
static void update_u(const admm *a, size_t count, const tally_real *p,
                     const tally_real *q, tally_real *u)
{
    tally_real rho = (tally_real)a->scalars->rho;

    for (size_t i = 0; i < count; i++)
        u[i] += rho * (p[i] - q[i]);
}

/* ---- one iteration of this rank's layers ---- */

static void spend(const admm *a, const admm_layer *l, double share)
{
    admm_shape shape = {.in = l->in, .out = l->out};

    tally_spend(a->comm,
                share * admm_layer_flops(&shape, l->index, a->n) / a->o->flops);
}

/* Waits for q of the layer below and brings the copy of u up to date. */
static tally_status take_q(admm *a)
{
    admm_layer *l = a->chain[a->first];

    if (!a->arriving) return TALLY_OK;
    a->arriving = false;
    TALLY_TRY(admm_arrive(a, &a->q_down, l->q_copy, a->n * l->in));
    update_u(a, a->n * l->in, l->p, l->q_copy, l->u_copy);
    return TALLY_OK;
}

/* Layer 1 has no p.  The first of the others last, since it waits for a neighbour; its
 * p leaves at once. */
static tally_status update_all_p(admm *a)
{
    for (size_t i = a->end; i-- > a->first;) {
        admm_layer *l = a->chain[i];

        if (i == 0) break;
        if (i == a->first) {
            TALLY_TRY(take_q(a));
            TALLY_TRY(admm_sent(a, &a->p_down));
        }
        admm_check_begin(a, l);
        TALLY_TRY(update_p(a, l));
        TALLY_TRY(admm_check_step(a, l, 'p'));
        spend(a, l, 0.5);
        TALLY_TRY(tally_poll(a->comm));
        if (i > a->first) continue;
        int below = a->chain[i - 1]->owner;

        TALLY_TRY(admm_send(a, &a->p_down, below, tag_p(), l->p, a->n * l->in));
        TALLY_TRY(admm_await(a, &a->q_down, below, tag_q(), l->q_copy, a->n * l->in));
        a->arriving = true;
    }
    return TALLY_OK;
}

static tally_status update_layer(admm *a, admm_layer *l)
{
    admm_check_begin(a, l);
    TALLY_TRY(update_w(a, l));
    TALLY_TRY(admm_check_step(a, l, 'W'));
    TALLY_TRY(tally_poll(a->comm));
    TALLY_TRY(update_b(a, l));
    TALLY_TRY(admm_check_step(a, l, 'b'));
    update_z(a, l);
    TALLY_TRY(admm_check_step(a, l, 'z'));
    if (a->o->check && !l->q) TALLY_TRY(admm_check_output(a, l, a->scalars->nu, NULL));
    spend(a, l, l->index > 1 ? 0.5 : 1);
    return tally_poll(a->comm);
}

/* The last layer of the block first: q leaves at once. */
static tally_status update_all_q(admm *a)
{
    for (size_t i = a->end; i-- > a->first;) {
        admm_layer *l = a->chain[i];
        bool cut = i + 1 == a->end;

        if (i + 1 == a->depth) continue;
        if (cut) {
            TALLY_TRY(admm_arrive(a, &a->p_up, l->p_copy, a->n * l->out));
            TALLY_TRY(admm_sent(a, &a->q_up));
        }
        TALLY_TRY(update_q(a, l));
        if (cut)
            TALLY_TRY(admm_send(a, &a->q_up, a->chain[i + 1]->owner, tag_q(), l->q,
                                a->n * l->out));
        update_u(a, a->n * l->out, l->p_above, l->q, l->u);
    }
    return TALLY_OK;
}

static tally_status iterate(admm *a, uint64_t iteration)
{
    bool idle = a->first == a->end, top = a->end == a->depth;

    if (idle) return TALLY_OK;
    for (size_t i = a->first; i < a->end; i++)
        if (iteration % a->o->refresh == 0) admm_product(a, a->chain[i]);
    if (!top) {
        admm_layer *l = a->chain[a->end - 1];

        TALLY_TRY(admm_await(a, &a->p_up, a->chain[a->end]->owner, tag_p(), l->p_copy,
                             a->n * l->out));
    }
    TALLY_TRY(update_all_p(a));
    for (size_t i = a->first; i < a->end; i++)
        TALLY_TRY(update_layer(a, a->chain[i]));
    TALLY_TRY(update_all_q(a));
    for (size_t i = a->first; a->o->check && i < a->end; i++)
        TALLY_TRY(admm_check_layer(a, a->chain[i]));
    return TALLY_OK;
}

/* Nothing may be under way when a stage or the run ends. */
static tally_status settle(admm *a)
{
    TALLY_TRY(take_q(a));
    TALLY_TRY(admm_sent(a, &a->p_down));
    return admm_sent(a, &a->q_up);
}

/* ---- diagnostics ---- */

static void measure(admm *a, const admm_layer *l, admm_terms *t)
{
    admm_residual(a, l, 1, NULL);
    t->fit = admm_dot(a->r, a->r, a->n * l->out);
    t->ridge = a->o->mu > 0 ? admm_dot(l->w, l->w, l->in * l->out) : 0;
    if (!l->q) {
        t->risk = admm_risk(a, l);
        return;
    }
    for (size_t i = 0; i < a->n * l->out; i++) {
        double f = (double)(l->z[i] > 0 ? l->z[i] : l->slope * l->z[i]);
        double away = (double)l->q[i] - f,
               gap = (double)l->p_above[i] - (double)l->q[i];

        t->activation += away * away;
        t->dual += (double)l->u[i] * gap;
        t->residual += gap * gap;
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

/* Theorem 1: rho > 4 nu S^2, S the greatest slope of f, and a real q. */
static bool descends(const admm *a)
{
    bool real = a->o->quantize == ADMM_NONE || a->o->quantize == ADMM_P;

    return real && a->scalars->rho > 4 * a->scalars->nu && a->o->variant == ADMM_SPEC;
}

const admm_method admm_pdadmm = {
    .name = "pdadmm",
    .defaults = {.nu = 0.01, .rho = 0.05, .mu = 0.1, .deviation = 0.1, .first = 0.01},
    .open = open,
    .iterate = iterate,
    .settle = settle,
    .measure = measure,
    .lagrangian = lagrangian,
    .objective = objective,
    .descends = descends,
};

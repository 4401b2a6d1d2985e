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
 * A rank has a block of layers, and goes through it from the last to the first, since
 * q and u of a layer wait for p of the layer above.  Half way it updates p of its first
 * layer, so that q of the block below was under way for half an iteration, and p is for
 * the other half; its last layer waits with z, q and u for p from above.  Four products
 * of 2 n n_l n_{l-1} a layer, two in layer 1; 5 matrices of n n_l values, of which an
 * iteration reads or writes 35 beside the products. */

#include "trainer/admm/admm.h"

#include <math.h>

enum { P_NUMBER = 1, Q_NUMBER = 2 }; /* of the exchange channel */

enum { VALUES_AT_A_TIME = 1 << 14 };

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

static bool is_first(const admm *a, const admm_layer *l)
{
    return a->first > 0 && a->chain[a->first] == l;
}

/* Whether the layer above is another rank's. */
static bool is_cut(const admm *a, const admm_layer *l)
{
    return a->end < a->depth && a->chain[a->end - 1] == l;
}

static void spend(const admm *a, const admm_layer *l, double share)
{
    admm_shape shape = {.in = l->in, .out = l->out, .last = !l->q};

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
    admm_loops_used()->climb(a->n * l->in, (tally_real)a->scalars->rho, l->p, l->q_copy,
                             l->u_copy);
    return TALLY_OK;
}

/* q from below is needed after the first of two products. */
static tally_status update_p(admm *a, admm_layer *l)
{
    static const admm_bound grid = {.grid = true};
    bool quantised = a->o->quantize == ADMM_P || a->o->quantize == ADMM_PQ;
    double nu = a->scalars->nu, rho = a->scalars->rho;

    admm_solve_for(a, "p", l);
    admm_residual(a, l, nu, NULL);
    admm_pull_back(a, l, false);
    spend(a, l, 0.25);
    if (is_first(a, l)) TALLY_TRY(take_q(a));
    admm_check_begin(a, l);
    admm_loops_used()->pull(a->n * l->in, (tally_real)rho,
                            (admm_cut){l->p, l->q_below, l->u_below}, a->g);
    if (is_first(a, l)) TALLY_TRY(admm_sent(a, &a->p_down));
    TALLY_TRY(admm_descend_input(a, l, nu, rho, quantised ? &grid : NULL));
    spend(a, l, 0.25);
    return admm_check_step(a, l, 'p');
}

static tally_status update_w_b(admm *a, admm_layer *l)
{
    admm_solve_for(a, "W, b", l);
    admm_check_begin(a, l);
    admm_residual(a, l, a->scalars->nu, NULL);
    TALLY_TRY(admm_move_weights(a, l, a->scalars->nu, a->o->mu, false));
    TALLY_TRY(admm_check_step(a, l, 'W'));
    TALLY_TRY(admm_poll(a));
    admm_residual(a, l, 1, NULL);
    TALLY_TRY(admm_move_bias(a, l, 1));
    spend(a, l, l->index > 1 ? 0.5 : 1);
    return admm_check_step(a, l, 'b');
}

static tally_status update_last_z(admm *a, admm_layer *l)
{
    admm_solve_for(a, "z", l);
    admm_solve_output(a, l, a->scalars->nu, NULL);
    TALLY_TRY(admm_check_step(a, l, 'z'));
    return a->o->check ? admm_check_output(a, l, a->scalars->nu, NULL) : TALLY_OK;
}

/* t <- t + the terms of the Lagrangian of these rows. */
static void measure_rows(admm *a, const admm_layer *l, tally_span rows, admm_terms *t)
{
    const admm_loops *loops = admm_loops_used();
    size_t at = rows.first * l->out, n = rows.count * l->out;
    const tally_real *z = l->z + at, *p = l->p_above + at, *q = l->q + at;
    tally_real *r = a->r;

    loops->residual((admm_size){rows.count, l->out}, 1, l->y + at, l->b, z, r);
    t->fit += loops->dot(n, r, r);
    loops->activate(n, l->slope, z, r);
    t->activation += loops->distance(n, q, r);
    t->dual += loops->lean(n, l->u + at, p, q);
    t->residual += loops->distance(n, p, q);
}

static tally_status update_rows(admm *a, admm_layer *l, tally_span rows)
{
    const admm_loops *loops = admm_loops_used();
    admm_prox prox = {1, a->o->variant == ADMM_RELEASED ? 0 : 1};
    admm_weights w = {(tally_real)a->scalars->nu, (tally_real)a->scalars->rho};
    size_t at = rows.first * l->out, n = rows.count * l->out;
    const tally_real *p = l->p_above + at;
    tally_real *q = l->q + at, *u = l->u + at, *f = a->r;

    admm_solve_rows(l, l->q, prox, rows);
    TALLY_TRY(admm_check_step(a, l, 'z'));
    loops->activate(n, l->slope, l->z + at, f);
    loops->agree(n, w, (admm_sides){p, u, f}, q);
    if (a->o->quantize == ADMM_Q || a->o->quantize == ADMM_PQ)
        TALLY_TRY(admm_round(a, q, n));
    loops->climb(n, w.rho, p, q, u); /* as the rank above does, with the same p and q */
    measure_rows(a, l, rows, &l->terms);
    return TALLY_OK;
}

/* So many rows at a time that a cache holds the six matrices' share; all of them when
 * each step is checked by itself. */
static tally_status update_z_q_u(admm *a, admm_layer *l)
{
    size_t some = l->out < VALUES_AT_A_TIME ? VALUES_AT_A_TIME / l->out : 1;
    size_t each = a->o->check || some > a->n ? a->n : some;

    admm_solve_for(a, "z, q, u", l);
    l->terms = (admm_terms){0};
    l->measured = true;
    for (size_t i = 0; i < a->n; i += each) {
        size_t left = a->n - i;

        TALLY_TRY(update_rows(a, l, (tally_span){i, left < each ? left : each}));
    }
    return TALLY_OK;
}

/* ---- one iteration of this rank's layers ---- */

/* p of the first layer leaves at once, and q from below is awaited for next time. */
static tally_status update_first_p(admm *a)
{
    admm_layer *l = a->chain[a->first];
    int below = a->chain[a->first - 1]->owner;

    TALLY_TRY(update_p(a, l));
    TALLY_TRY(admm_send(a, &a->p_down, below, tag_p(), l->p, a->n * l->in));
    TALLY_TRY(admm_await(a, &a->q_down, below, tag_q(), l->q_copy, a->n * l->in));
    a->arriving = true;
    return TALLY_OK;
}

/* Layer 1 has no p. */
static tally_status update_layer(admm *a, admm_layer *l)
{
    if (l->index > 1 && !is_first(a, l)) TALLY_TRY(update_p(a, l));
    TALLY_TRY(admm_poll(a));
    TALLY_TRY(update_w_b(a, l));
    if (!l->q) TALLY_TRY(update_last_z(a, l));
    if (l->q && !is_cut(a, l)) TALLY_TRY(update_z_q_u(a, l));
    return admm_poll(a);
}

/* Once p of the layer above is there; q leaves at once. */
static tally_status finish_cut(admm *a)
{
    admm_layer *l = a->chain[a->end - 1];

    TALLY_TRY(admm_arrive(a, &a->p_up, l->p_copy, a->n * l->out));
    TALLY_TRY(admm_sent(a, &a->q_up));
    admm_check_begin(a, l);
    TALLY_TRY(update_z_q_u(a, l));
    return admm_send(a, &a->q_up, a->chain[a->end]->owner, tag_q(), l->q,
                     a->n * l->out);
}

static tally_status iterate(admm *a, uint64_t iteration)
{
    size_t half = a->first + (a->end - a->first - 1) / 2;
    bool top = a->end == a->depth;

    if (a->first == a->end) return TALLY_OK;
    admm_begin_looking(a);
    for (size_t i = a->first; i < a->end; i++)
        if (iteration % a->o->refresh == 0) admm_product(a, a->chain[i]);
    if (!top)
        TALLY_TRY(admm_await(a, &a->p_up, a->chain[a->end]->owner, tag_p(),
                             a->chain[a->end - 1]->p_copy,
                             a->n * a->chain[a->end - 1]->out));
    for (size_t i = a->end; i-- > a->first;) {
        if (i == half && a->first > 0) TALLY_TRY(update_first_p(a));
        TALLY_TRY(update_layer(a, a->chain[i]));
    }
    if (!top) TALLY_TRY(finish_cut(a));
    TALLY_TRY(admm_poll(a));
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

/* Hidden layers were measured as they were updated, but at the start of a stage. */
static void measure(admm *a, const admm_layer *l, admm_terms *t)
{
    *t = l->measured ? l->terms : (admm_terms){0};
    if (l->q && !l->measured) measure_rows(a, l, (tally_span){0, a->n}, t);
    if (!l->q) {
        admm_residual(a, l, 1, NULL);
        t->fit = admm_dot(a->r, a->r, a->n * l->out);
        t->risk = admm_risk(a, l);
    }
    t->ridge = a->o->mu > 0 ? admm_dot(l->w, l->w, l->in * l->out) : 0;
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

/* blocks.c — descent along one block of variables, all others held.
 *
 *     h(x + d) = h(x) + <g, d> + Q(d) / 2      every block's objective is quadratic, so
 *     x <- x - g / tau,  Q(d) <= tau |d|^2     is the papers' h(x+) <= h + <g, d> +
 *                                              tau / 2 |d|^2, without its cancellation
 *
 *     exact     tau = Q(g) / |g|^2: the best step along g, which meets the test with
 *               equality
 *     double    tau = 2^-10, doubled until it meets the test, as the reference values
 *               have it
 *     released  tau = 20, doubled; after 11 doublings the block stays where it is
 *
 * Wang et al., Towards Quantized Model Parallelism for Graph-Augmented MLPs Based on
 * Gradient-Free ADMM Framework, 2021, arXiv:2105.09837, section III.  W p is kept: both
 * products that a step needs also say how W p changes, so an iteration of a layer takes
 * four products of 2 n in out operations and no fifth.
 *
 * Scalars are double sums of eight lanes: the same bits for the same rows, whatever the
 * layers' ranks.  With a team the lanes' sums are added in the order of its ranks. */

#include "num/gemm.h"
#include "num/isa.h"
#include "trainer/admm/admm.h"

#include <math.h>
#include <string.h>

const admm_loops *admm_loops_used(void)
{
    static const admm_loops *const tables[] = TALLY_EACH_ISA(&admm_loops_table);

    return tables[tally_isa_used()];
}

double admm_dot(const tally_real *a, const tally_real *b, size_t n)
{
    return admm_loops_used()->dot(n, a, b);
}

void admm_residual(admm *a, const admm_layer *l, double scale, const tally_real *minus)
{
    const admm_loops *loops = admm_loops_used();

    loops->residual((admm_size){a->n, l->out}, (tally_real)scale, l->y, l->b, l->z,
                    a->r);
    if (minus) loops->add(a->n * l->out, -1, minus, a->r);
}

void admm_product(const admm *a, const admm_layer *l)
{
    tally_gemm_nt((tally_product){a->n, l->out, l->in}, l->p, l->w, false, l->y);
}

void admm_pull_back(admm *a, const admm_layer *l, bool add)
{
    tally_gemm_nn((tally_product){a->n, l->in, l->out}, a->r, l->w, add, a->g);
}

tally_status admm_round(admm *a, tally_real *v, size_t count)
{
    return tally_codec_round(&a->grid, (tally_piece){.count = count}, v, a->codes);
}

/* ---- the step ---- */

double admm_step(const admm *a, double ratio)
{
    bool released = a->o->variant == ADMM_RELEASED;
    double tau = released ? 20 : 0x1p-10;

    if (!released && a->o->step == ADMM_EXACT)
        return ratio > 0 ? ratio : (double)INFINITY;
    for (int doublings = 0; ratio > tau; doublings++) {
        if (released && doublings == 11) return (double)INFINITY;
        tau *= 2;
    }
    return tau;
}

/* x <- x + factor d */
static void add(size_t n, double factor, const tally_real *d, tally_real *x)
{
    admm_loops_used()->add(n, (tally_real)factor, d, x);
}

/* ---- p of pdADMM, a of dlADMM and mDLAM ---- */

/* a->trial <- bound(x - g / tau) - x */
static tally_status try_bound(admm *a, const admm_layer *l, const admm_bound *bound,
                              double tau)
{
    size_t n = a->n * l->in;
    tally_real f = (tally_real)(1 / tau), *d = a->trial;

    for (size_t i = 0; i < n; i++)
        d[i] = l->p[i] - f * a->g[i];
    if (bound->grid) TALLY_TRY(admm_round(a, d, n));
    for (size_t i = 0; !bound->grid && i < n; i++)
        d[i] = d[i] < bound->low[i]    ? bound->low[i]
               : d[i] > bound->high[i] ? bound->high[i]
                                       : d[i];
    for (size_t i = 0; i < n; i++)
        d[i] -= l->p[i];
    return TALLY_OK;
}

/* sums: |d|^2 and |W d|^2 of the team, and a->gw <- W d. */
static tally_status measure_move(admm *a, const admm_layer *l, const tally_real *d,
                                 double sums[2])
{
    tally_gemm_nt((tally_product){a->n, l->out, l->in}, d, l->w, false, a->gw);
    sums[0] = admm_dot(d, d, a->n * l->in);
    sums[1] = admm_dot(a->gw, a->gw, a->n * l->out);
    return admm_sum_team(a, sums, 2);
}

/* The step depends on d, and d on the step: each trial is measured.  A move of nothing
 * meets the test, so the loop ends.  An exact step meets it with equality, which
 * rounding must not turn into half a step. */
static tally_status move_within(admm *a, admm_layer *l, double scale, double pull,
                                const admm_bound *bound)
{
    double sums[2],
        limit = a->o->variant == ADMM_RELEASED ? ldexp(20, 11) : (double)INFINITY;

    for (;; l->tau *= 2) {
        TALLY_TRY(try_bound(a, l, bound, l->tau));
        TALLY_TRY(measure_move(a, l, a->trial, sums));
        if (scale * sums[1] + pull * sums[0] <= l->tau * sums[0] * (1 + 1e-6)) break;
        if (l->tau >= limit) return TALLY_OK;
    }
    l->moved = sums[0];
    add(a->n * l->in, 1, a->trial, l->p);
    add(a->n * l->out, 1, a->gw, l->y);
    /* x + (level - x) may be off by a rounding; what travels is the level. */
    return bound->grid ? admm_round(a, l->p, a->n * l->in) : TALLY_OK;
}

tally_status admm_descend_input(admm *a, admm_layer *l, double scale, double pull,
                                const admm_bound *bound)
{
    double sums[2];
    bool exact = a->o->step == ADMM_EXACT && a->o->variant == ADMM_SPEC;

    if (bound && !exact) {
        l->tau = a->o->variant == ADMM_RELEASED ? 20 : 0x1p-10;
        return move_within(a, l, scale, pull, bound);
    }
    TALLY_TRY(measure_move(a, l, a->g, sums));
    double ratio = sums[0] > 0 ? (scale * sums[1] + pull * sums[0]) / sums[0] : 0;

    l->tau = admm_step(a, ratio);
    if (bound) return isinf(l->tau) ? TALLY_OK : move_within(a, l, scale, pull, bound);
    if (isinf(l->tau)) return TALLY_OK;
    l->moved = sums[0] / (l->tau * l->tau);
    add(a->n * l->in, -1 / l->tau, a->g, l->p);
    add(a->n * l->out, -1 / l->tau, a->gw, l->y);
    return TALLY_OK;
}

tally_status admm_move_input(admm *a, admm_layer *l, double scale, double pull,
                             const admm_bound *bound)
{
    admm_pull_back(a, l, true);
    return admm_descend_input(a, l, scale, pull, bound);
}

/* ---- W and b ---- */

/* a->gw <- G p.  Of layer 1 with few rows G p = r^T (X X^T) + mu W X, which reads no
 * vector of the samples' width. */
static void weights_product(admm *a, const admm_layer *l, double mu)
{
    if (!(l->index == 1 && a->gram)) {
        tally_gemm_nt((tally_product){a->n, l->out, l->in}, l->p, a->gradient, false,
                      a->gw);
        return;
    }
    tally_gemm_nn((tally_product){a->n, l->out, a->n}, a->gram, a->r, false, a->gw);
    if (mu > 0) add(a->n * l->out, mu, l->y, a->gw);
}

tally_status admm_move_weights(admm *a, admm_layer *l, double scale, double mu,
                               bool proximal)
{
    size_t length = l->out * l->in;
    double fit;

    tally_gemm_tn((tally_product){l->out, l->in, a->n}, a->r, l->p, false, a->gradient);
    TALLY_TRY(admm_sum_gradient(a, length));
    if (mu > 0) add(length, mu, l->w, a->gradient);
    weights_product(a, l, mu);
    fit = admm_dot(a->gw, a->gw, a->n * l->out);
    TALLY_TRY(admm_sum_team(a, &fit, 1));
    double norm = admm_dot(a->gradient, a->gradient, length);

    double ratio = norm > 0 ? scale * fit / norm : 0, more = norm > 0 ? mu : 0;

    l->theta = admm_step(a, proximal ? ratio : ratio + more);
    if (isinf(l->theta)) return TALLY_OK;
    double move = -1 / (l->theta + (proximal ? mu : 0));

    l->moved = norm * move * move;
    add(length, move, a->gradient, l->w);
    add(a->n * l->out, move, a->gw, l->y);
    return TALLY_OK;
}

tally_status admm_move_bias(admm *a, admm_layer *l, double scale)
{
    double *sums = a->column;

    memset(sums, 0, l->out * sizeof *sums);
    admm_loops_used()->add_columns((admm_size){a->n, l->out}, a->r, sums);
    TALLY_TRY(admm_sum_team(a, sums, l->out));
    for (size_t j = 0; j < l->out; j++)
        l->b[j] -= (tally_real)(sums[j] / scale / (double)a->total);
    return TALLY_OK;
}

/* ---- z of a hidden layer ---- */

void admm_solve_rows(admm_layer *l, const tally_real *q, admm_prox prox,
                     tally_span rows)
{
    size_t at = rows.first * l->out;

    admm_loops_used()->solve(
        (admm_size){rows.count, l->out},
        (admm_branch){l->slope, (tally_real)prox.step, (tally_real)prox.choice},
        l->y + at, l->b, q + at, l->z + at);
}

void admm_solve_hidden(const admm *a, admm_layer *l, const tally_real *q,
                       admm_prox prox)
{
    admm_solve_rows(l, q, prox, (tally_span){0, a->n});
}

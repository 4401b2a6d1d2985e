/* stage.c — the net grows: 2 layers, then 5, then 10.
 *
 *     depth d trains   layers 1 .. d-1 of the net, and its last one
 *     a new layer      W = I, b = 0, so that the net computes what it did before:
 *                      p = q below, z = W p + b, q = f(z)
 *     every u = 0      and the last layer starts anew
 *
 * Wang et al. 2021, section V; the paper says "greedy layer-wise", the released code
 * says how.  Layers that do not train yet are the identity, so the run's vector is the
 * grown net's at any time, and evaluation knows nothing of stages. */

#include "trainer/admm/admm.h"

#include <string.h>

enum { Q_NUMBER = 1, U_NUMBER = 2 }; /* of the state channel */

void admm_link(admm *a, size_t depth)
{
    a->depth = depth;
    for (size_t i = 0; i < depth; i++)
        a->chain[i] = &a->layers[i + 1 < depth ? i : a->count - 1];
    for (a->first = 0; a->first < depth && a->chain[a->first]->owner != a->group;)
        a->first++;
    for (a->end = a->first; a->end < depth && a->chain[a->end]->owner == a->group;)
        a->end++;
    for (size_t i = a->first; i < a->end; i++) {
        admm_layer *l = a->chain[i], *below = i ? a->chain[i - 1] : NULL,
                   *above = i + 1 < depth ? a->chain[i + 1] : NULL;

        if (below) {
            bool remote = below->owner != a->group;

            l->q_below = remote ? l->q_copy : below->q;
            l->u_below = remote ? l->u_copy : below->u;
        }
        if (above) l->p_above = above->owner != a->group ? l->p_copy : above->p;
    }
}

void admm_activate(const admm *a, const admm_layer *l, tally_real *to)
{
    admm_loops_used()->activate(a->n * l->out, l->slope, l->z, to);
}

/* ---- what neighbours must know of each other before an iteration ---- */

static bool remote_below(const admm *a, size_t i)
{
    return i == a->first && i > 0;
}

static bool remote_above(const admm *a, size_t i)
{
    return i + 1 == a->end && i + 1 < a->depth;
}

static tally_status pass(admm *a, int to, int number, const tally_real *v, size_t count)
{
    tally_request r = {0};

    TALLY_TRY(tally_isend(a->comm, admm_peer(a, to), TALLY_TAG(TALLY_STATE, number), v,
                          count * sizeof *v, &r));
    return tally_wait(a->comm, &r, NULL);
}

static tally_status take(admm *a, int from, int number, tally_real *v, size_t count)
{
    tally_request r = {0};

    TALLY_TRY(tally_irecv(a->comm, admm_peer(a, from), TALLY_TAG(TALLY_STATE, number),
                          v, count * sizeof *v, &r));
    return tally_wait(a->comm, &r, NULL);
}

tally_status admm_meet(admm *a)
{
    for (size_t i = a->first; i < a->end; i++) {
        admm_layer *l = a->chain[i];

        if (remote_below(a, i)) {
            int from = a->chain[i - 1]->owner;

            TALLY_TRY(take(a, from, Q_NUMBER, l->q_copy, a->n * l->in));
            TALLY_TRY(take(a, from, U_NUMBER, l->u_copy, a->n * l->in));
        }
        if (remote_above(a, i)) {
            int to = a->chain[i + 1]->owner;

            TALLY_TRY(pass(a, to, Q_NUMBER, l->q, a->n * l->out));
            TALLY_TRY(pass(a, to, U_NUMBER, l->u, a->n * l->out));
        }
    }
    return TALLY_OK;
}

/* ---- the start of a stage ---- */

static void start_output(const admm *a, admm_layer *l, admm_output output)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < l->out; j++) {
            tally_real *z = &l->z[i * l->out + j];

            switch (output) {
            case ADMM_ZERO:
                *z = 0;
                break;
            case ADMM_SIGNS:
                *z = j == (size_t)a->label[i] ? 1 : -1;
                break;
            case ADMM_FORWARD:
                *z = l->y[i * l->out + j] + l->b[j];
                break;
            }
        }
}

/* q of a quantised q, and p of a quantised p, start on the grid: the first p step may
 * not raise the Lagrangian. */
static tally_status start_layer(admm *a, size_t i, bool kept, admm_output output)
{
    admm_layer *l = a->chain[i];
    bool last = l->index == a->count;
    bool p_on_grid = a->o->quantize == ADMM_P || a->o->quantize == ADMM_PQ;
    bool q_on_grid = a->o->quantize == ADMM_Q || a->o->quantize == ADMM_PQ;

    if (!kept) {
        if (i > 0 && a->method->sequential)
            admm_activate(a, a->chain[i - 1], l->p);
        else if (i > 0)
            memcpy(l->p, l->q_below, a->n * l->in * sizeof *l->p);
        if (i > 0 && p_on_grid) TALLY_TRY(admm_round(a, l->p, a->n * l->in));
        admm_product(a, l);
        start_output(a, l, last ? output : ADMM_FORWARD);
        if (l->q) admm_activate(a, l, l->q);
        if (l->q && q_on_grid) TALLY_TRY(admm_round(a, l->q, a->n * l->out));
    }
    if (l->u) memset(l->u, 0, a->n * l->out * sizeof *l->u);
    l->measured = false;
    return TALLY_OK;
}

tally_status admm_begin(admm *a, size_t kept, admm_output output)
{
    for (size_t i = a->first; i < a->end; i++) {
        admm_layer *l = a->chain[i];

        if (remote_below(a, i)) {
            TALLY_TRY(
                take(a, a->chain[i - 1]->owner, Q_NUMBER, l->q_copy, a->n * l->in));
            memset(l->u_copy, 0, a->n * l->in * sizeof *l->u_copy);
        }
        TALLY_TRY(start_layer(a, i, i < kept, output));
        if (remote_above(a, i))
            TALLY_TRY(pass(a, a->chain[i + 1]->owner, Q_NUMBER, l->q, a->n * l->out));
    }
    return TALLY_OK;
}

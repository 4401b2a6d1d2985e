/* compensate.c — gradients brought forward to where the weights are now: DC-ASGD.
 *
 *     g <- g + lambda_t g g (w - w_m)        w_m: the weights that worker m was sent
 *     constant   lambda_t = lambda
 *     adaptive   lambda_t = lambda / sqrt(MS + 1e-7),  MS <- keep MS + (1 - keep) g g
 *
 * g g stands for the diagonal of the Hessian, each weight for itself.  Zheng, Meng,
 * Wang, Chen, Yu, Ma, Liu, Asynchronous Stochastic Gradient Descent with Delay
 * Compensation, 2017, arXiv:1609.08326, algorithm 2 and equation 10; there lambda is
 * 0.04 when constant and 2 when adaptive.
 * w_m is kept anyway, as what m's last reply holds: M slices of memory on each server.
 * State: MS, when adaptive, one vector. */

#include "trainer/server/server.h"

#include <math.h>

enum { NONE, CONSTANT, ADAPTIVE };

bool tally_compensate_adapts(const tally_server *o)
{
    return o->compensate == ADAPTIVE;
}

static void bring_forward(tally_real lambda, size_t n, const tally_real *restrict w,
                          const tally_real *restrict sent, tally_real *restrict g)
{
    for (size_t i = 0; i < n; i++)
        g[i] += lambda * g[i] * g[i] * (w[i] - sent[i]);
}

static void adapt(const tally_server *o, size_t n, const tally_real *restrict w,
                  const tally_real *restrict sent, tally_real *restrict mean_square,
                  tally_real *restrict g)
{
    tally_real lambda = (tally_real)o->lambda, keep = (tally_real)o->keep;

    for (size_t i = 0; i < n; i++) {
        tally_real square = g[i] * g[i];

        mean_square[i] = keep * mean_square[i] + (1 - keep) * square;
        g[i] += lambda / (tally_real)sqrt((double)mean_square[i] + 1e-7) * square *
                (w[i] - sent[i]);
    }
}

void tally_compensate(tally_store *s, tally_seat *p)
{
    const tally_server *o = s->run->trainer_options;
    size_t n = s->slice.count;
    const tally_real *w = s->live + s->slice.first;
    const tally_state *state = &s->run->trainer_state;

    if (o->compensate == CONSTANT)
        bring_forward((tally_real)o->lambda, n, w, p->sent, p->inbox);
    if (o->compensate == ADAPTIVE)
        adapt(o, n, w, p->sent,
              (tally_real *)state->at[state->count - 1] + s->slice.first, p->inbox);
}

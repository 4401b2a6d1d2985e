/* relu.c — what is negative becomes zero.
 *
 *     y = max(x, 0),  dx = dy where y > 0, else 0
 *
 * Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
 * No weights.  A NaN passes through, so that divergence stays visible. */

#include "model/layer/layer.h"

static void rectify(const tally_real *restrict x, size_t n, tally_real *restrict y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] <= 0 ? 0 : x[i];
}

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    (void)w;
    rectify(x, batch * l->in, y);
}

/* dx may be dy, so neither is restrict; the compiler tests for overlap once. */
static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    size_t n = batch * l->in;

    (void)w, (void)x, (void)g;
    if (!dx) return;
    for (size_t i = 0; i < n; i++) {
        tally_real passed = dy[i]; /* read in any case, so that the loop vectorises */

        dx[i] = y[i] > 0 ? passed : 0;
    }
}

const tally_layer_ops tally_layer_relu = {
    .about = {.name = "relu",
              .brief = "what is negative becomes zero",
              .paper = "Nair and Hinton 2010"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
};

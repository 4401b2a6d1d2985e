/* relu.c — what is negative becomes zero.
 *
 *     y = max(x, 0),  dx = dy where y > 0, else 0
 *
 * Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
 * No weights.  A NaN passes through, so that divergence stays visible. */

#include "model/layer/layer.h"
#include "num/lanes.h"

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);

        v = tally_lanes_choose(v <= 0, (tally_lanes){0}, v);
        tally_lanes_store(v, y + i, n - i);
    }
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    size_t n = batch * l->in;

    (void)w, (void)x, (void)g;
    if (!dx) return;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes passed = tally_lanes_load(dy + i, n - i);
        tally_lanes v = tally_lanes_load(y + i, n - i);

        passed = tally_lanes_choose(v > 0, passed, (tally_lanes){0});
        tally_lanes_store(passed, dx + i, n - i);
    }
}

static tally_real slope_of(const tally_layer *l)
{
    (void)l;
    return 0;
}

const tally_layer_ops tally_layer_relu = {
    .about = {.name = "relu",
              .brief = "what is negative becomes zero",
              .paper = "Nair and Hinton 2010"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
    .in_place = true,
    .slope = slope_of,
};

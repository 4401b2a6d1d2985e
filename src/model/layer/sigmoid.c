/* sigmoid.c — each value between 0 and 1: the logistic function.
 *
 *     y = 1 / (1 + e^-x),  dx = dy y (1 - y)
 *
 * Rumelhart, Hinton and Williams, Learning representations by back-propagating errors,
 * 1986.  No weights.  Where e^-x overflows, y is 0, as it should be. */

#include "model/layer/layer.h"
#include "num/lanes.h"

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);

        tally_lanes_store(1 / (1 + tally_lanes_exp(-v)), y + i, n - i);
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
        tally_lanes v = tally_lanes_load(y + i, n - i);

        tally_lanes_store(tally_lanes_load(dy + i, n - i) * v * (1 - v), dx + i, n - i);
    }
}

const tally_layer_ops tally_layer_sigmoid = {
    .about = {.name = "sigmoid",
              .brief = "each value between 0 and 1: the logistic function",
              .paper = "Rumelhart et al. 1986"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
    .in_place = true,
};

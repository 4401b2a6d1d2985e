/* tanh.c — the hyperbolic tangent of each value.
 *
 *     y = tanh(x),  dx = dy (1 - y^2)
 *
 * LeCun et al., Efficient BackProp, 1998, section 4.4.  No weights. */

#include "model/layer/layer.h"
#include "num/lanes.h"

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES)
        tally_lanes_store(tally_lanes_tanh(tally_lanes_load(x + i, n - i)), y + i,
                          n - i);
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

        tally_lanes_store(tally_lanes_load(dy + i, n - i) * (1 - v * v), dx + i, n - i);
    }
}

const tally_layer_ops tally_layer_tanh = {
    .about = {.name = "tanh",
              .brief = "the hyperbolic tangent of each value",
              .paper = "LeCun et al. 1998"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
    .in_place = true,
};

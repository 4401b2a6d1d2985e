/* leaky_relu.c — what is negative becomes small.
 *
 *     y = x where x > 0, else slope x;  dx = dy where x > 0, else slope dy
 *
 * Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models,
 * 2013, equation 2.  No weights; the slope is not learnt. */

#include "model/layer/layer.h"
#include "num/lanes.h"

typedef struct leaky_relu {
    double slope;
} leaky_relu;

static const tally_option options[] = {
    TALLY_OPTION(REAL, leaky_relu, slope, "0.01", "[0, 1]",
                 "factor of what is negative"),
    TALLY_END,
};

static tally_real slope_of(const tally_layer *l)
{
    const leaky_relu *o = l->options;

    return (tally_real)o->slope;
}

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    tally_real slope = slope_of(l);
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);

        tally_lanes_store(tally_lanes_choose(v > 0, v, slope * v), y + i, n - i);
    }
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    tally_real slope = slope_of(l);
    size_t n = batch * l->in;

    (void)w, (void)y, (void)g;
    if (!dx) return;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);
        tally_lanes d = tally_lanes_load(dy + i, n - i);

        tally_lanes_store(tally_lanes_choose(v > 0, d, slope * d), dx + i, n - i);
    }
}

const tally_layer_ops tally_layer_leaky_relu = {
    .about = {.name = "leaky_relu",
              .brief = "what is negative becomes small",
              .paper = "Maas et al. 2013",
              .options = options,
              .options_size = sizeof(leaky_relu)},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
    .in_place = true,
    .slope = slope_of,
};

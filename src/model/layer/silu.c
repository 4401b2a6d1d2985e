/* silu.c — each value times its logistic function; also known as swish.
 *
 *     y = x s,  s = 1 / (1 + e^-x),  dx = dy s (1 + x (1 - s))
 *
 * Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units for Neural Network Function
 * Approximation in Reinforcement Learning, 2017, arXiv:1702.03118, equations 4 and 5.
 * No weights. */

#include "model/layer/layer.h"
#include "num/lanes.h"

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);

        tally_lanes_store(v / (1 + tally_lanes_exp(-v)), y + i, n - i);
    }
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    size_t n = batch * l->in;

    (void)w, (void)y, (void)g;
    if (!dx) return;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);
        tally_lanes d = tally_lanes_load(dy + i, n - i);
        tally_lanes s = 1 / (1 + tally_lanes_exp(-v));

        tally_lanes_store(d * s * (1 + v * (1 - s)), dx + i, n - i);
    }
}

const tally_layer_ops tally_layer_silu = {
    .about = {.name = "silu",
              .brief = "each value times its logistic function",
              .paper = "arXiv:1702.03118"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
};

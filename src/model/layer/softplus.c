/* softplus.c — a smooth form of max(x, 0).
 *
 *     y = ln(1 + e^x),  dx = dy / (1 + e^-x)
 *
 * Dugas, Bengio, Belisle, Nadeau and Garcia, Incorporating Second-Order Functional
 * Knowledge for Better Option Pricing, 2000.  Computed as max(x, 0) + ln(1 + e^-|x|),
 * which neither overflows nor cancels.  No weights. */

#include "model/layer/layer.h"
#include "num/lanes.h"

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);
        tally_lanes above = tally_lanes_choose(v <= 0, (tally_lanes){0}, v);

        v = above + tally_lanes_log1p(tally_lanes_exp(-tally_lanes_abs(v)));
        tally_lanes_store(v, y + i, n - i);
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

        tally_lanes_store(d / (1 + tally_lanes_exp(-v)), dx + i, n - i);
    }
}

const tally_layer_ops tally_layer_softplus = {
    .about = {.name = "softplus",
              .brief = "a smooth form of max(x, 0)",
              .paper = "Dugas et al. 2000"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
};

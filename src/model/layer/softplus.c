/* softplus.c — a smooth form of max(x, 0).
 *
 *     y = ln(1 + e^x),  dx = dy / (1 + e^-x)
 *
 * Dugas, Bengio, Belisle, Nadeau and Garcia, Incorporating Second-Order Functional
 * Knowledge for Better Option Pricing, 2000.  Computed as max(x, 0) + ln(1 + e^-|x|),
 * which neither overflows nor cancels.  No weights. */

#include "model/layer/layer.h"

#include <tgmath.h>

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    (void)w;
    for (size_t i = 0; i < batch * l->in; i++)
        y[i] = (x[i] <= 0 ? 0 : x[i]) + log1p(exp(-fabs(x[i])));
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    size_t n = batch * l->in;

    (void)w, (void)y, (void)g;
    if (!dx) return;
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] / (1 + exp(-x[i]));
}

const tally_layer_ops tally_layer_softplus = {
    .about = {.name = "softplus",
              .brief = "a smooth form of max(x, 0)",
              .paper = "Dugas et al. 2000"},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
};

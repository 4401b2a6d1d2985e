/* gelu.c — each value times the chance that a normal one lies below it.
 *
 *     form=erf     y = x P(x),  P(x) = erfc(-x / sqrt 2) / 2
 *                  dx = dy (P(x) + x p(x)),  p(x) = e^(-x^2 / 2) / sqrt(2 pi)
 *     form=tanh    y = x (1 + t) / 2,  t = tanh u,  u = sqrt(2 / pi) (x + 0.044715 x^3)
 *                  dx = dy ((1 + t) / 2 + x (1 - t^2) u' / 2)
 *
 * Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, arXiv:1606.08415, section 2;
 * erf is the definition, tanh the approximation that BERT and GPT-2 were trained with.
 * No weights. */

#include "model/layer/layer.h"
#include "num/lanes.h"

typedef struct gelu {
    int form;
} gelu;

enum { ERF, TANH };

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, gelu, form, "erf", "erf|tanh",
                 "erf: as defined; tanh: the approximation"),
    TALLY_END,
};

static const tally_real half_root = (tally_real)0.70710678118654752440; /* 1/sqrt 2 */
static const tally_real density_at_0 = (tally_real)0.39894228040143267794; /* p(0) */
static const tally_real root = (tally_real)0.79788456080286535588; /* sqrt(2 / pi) */
static const tally_real cubic = (tally_real)0.044715;

/* P(x); erfc, because 1 + erf would cancel for negative x. */
static inline tally_lanes below(tally_lanes x)
{
    return tally_lanes_erfc(-x * half_root) / 2;
}

static inline tally_lanes bend(tally_lanes x)
{
    return tally_lanes_tanh(root * (x + cubic * x * x * x));
}

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    const gelu *o = l->options;
    size_t n = batch * l->in;

    (void)w;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);

        v *= o->form == ERF ? below(v) : (1 + bend(v)) / 2;
        tally_lanes_store(v, y + i, n - i);
    }
}

static inline tally_lanes erf_slope(tally_lanes x)
{
    return below(x) + x * density_at_0 * tally_lanes_exp(-x * x / 2);
}

static inline tally_lanes tanh_slope(tally_lanes x)
{
    tally_lanes t = bend(x), inner = root * (1 + 3 * cubic * x * x);

    return (1 + t) / 2 + x * (1 - t * t) * inner / 2;
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    const gelu *o = l->options;
    size_t n = batch * l->in;

    (void)w, (void)y, (void)g;
    if (!dx) return;
    for (size_t i = 0; i < n; i += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(x + i, n - i);
        tally_lanes d = tally_lanes_load(dy + i, n - i);

        d *= o->form == ERF ? erf_slope(v) : tanh_slope(v);
        tally_lanes_store(d, dx + i, n - i);
    }
}

const tally_layer_ops tally_layer_gelu = {
    .about = {.name = "gelu",
              .brief = "each value times the chance that a normal one lies below it",
              .paper = "arXiv:1606.08415",
              .options = options,
              .options_size = sizeof(gelu)},
    .shape = tally_layer_keep_shape,
    .forward = forward,
    .backward = backward,
};

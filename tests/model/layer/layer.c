#include "model/layer/layer.h"

#include "support/arrays.h"
#include "support/expect.h"
#include "support/network.h"
#include "support/slope.h"

#include <math.h>

/* y = s x, with one weight s for all: a layer with a tensor of its own. */
static tally_status shape(tally_layer *l, tally_layout *layout)
{
    char name[TALLY_NAME_MOST + 8];

    l->out = l->in;
    l->tensor[0] = layout->count;
    snprintf(name, sizeof name, "%s.gain", l->name);
    return tally_layout_add(layout, name, TALLY_GAIN, 0, NULL);
}

static tally_status init(const tally_layer *l, uint64_t seed, tally_real *w)
{
    (void)seed;
    w[l->span.first] = (tally_real)1.5;
    return TALLY_OK;
}

static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    for (size_t i = 0; i < batch * l->in; i++)
        y[i] = w[l->span.first] * x[i];
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    double sum = 0;

    (void)y;
    for (size_t i = 0; i < batch * l->in; i++) {
        sum += (double)dy[i] * (double)x[i];
        if (dx) dx[i] = w[l->span.first] * dy[i];
    }
    g[l->span.first] = (tally_real)sum;
}

static const tally_layer_ops scale = {
    .about = {.name = "scale", .brief = "all of it by one factor", .paper = ""},
    .shape = shape,
    .init = init,
    .forward = forward,
    .backward = backward,
};

static tally_status build(const void *options, tally_net *net, size_t features,
                          size_t classes)
{
    char last[64];

    (void)options, (void)features;
    snprintf(last, sizeof last, "dense:out=%zu", classes);
    TALLY_TRY(tally_net_add(net, "dense:out=5"));
    TALLY_TRY(tally_net_add(net, "scale"));
    TALLY_TRY(tally_net_add(net, "tanh"));
    TALLY_TRY(tally_net_add(net, last));
    return TALLY_OK;
}

static const tally_model_ops scaled = {
    .about = {.name = "scaled", .brief = "dense layers and a factor", .paper = ""},
    .build = build,
};

static double mean_loss(void *context)
{
    network *n = context;
    tally_score score = {0};

    expect_ok(n->f.ops->value(&n->f, n->w, network_samples(n, 7), &score));
    return score.loss_sum / 7;
}

/* Losses are sums of two chains of at most 6 terms below 4 in tally_real. */
Test(layer, a_program_adds_its_own_and_trains_it)
{
    network n;
    tally_score score = {0};

    expect_ok(tally_register_layer(&scale));
    expect_ok(tally_register_model(&scaled));
    network_open(&n, "scaled", "cross_entropy", 7, 3);
    cr_assert(eq(sz, n.f.layout.count, 5));
    cr_assert(eq(str, n.f.layout.tensors[2].name, "scale1.gain"));
    size_t gain = n.f.layout.tensors[2].span.first;

    cr_assert(eq(dbl, (double)n.w[gain], 1.5));
    expect_ok(network_gradient(&n, 7, &score));
    slope_function f = {mean_loss, &n, 2 * 6 * 4 * REAL_EPSILON};
    for (size_t i = 0; i < n.f.layout.length; i++)
        check_slope("scaled", f, &n.w[i], (double)n.g[i]);
    network_close(&n);
}

Test(layer, a_name_that_is_taken_is_refused)
{
    static tally_layer_ops twin;

    twin = scale;
    twin.about.name = "dense";
    expect_fail(tally_register_layer(&twin), OPTION, "layer dense is already there");
}

/* What every model promises as an objective, registered ones included. */

#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"
#include "support/network.h"
#include "support/slope.h"

#include <math.h>
#include <stdlib.h>

/* Layers without tensors first, between and last. */
static tally_status build_sandwich(const void *options, tally_net *net, size_t features,
                                   size_t classes)
{
    (void)options, (void)features;
    cr_assert(eq(sz, classes, 4));
    TALLY_TRY(tally_net_add(net, "relu"));
    TALLY_TRY(tally_net_add(net, "tanh"));
    TALLY_TRY(tally_net_add(net, "dense:out=5"));
    TALLY_TRY(tally_net_add(net, "tanh"));
    TALLY_TRY(tally_net_add(net, "dense:out=4"));
    TALLY_TRY(tally_net_add(net, "tanh"));
    return TALLY_OK;
}

static const tally_model_ops sandwich = {
    .about = {.name = "sandwich", .brief = "dense between tanh", .paper = ""},
    .build = build_sandwich,
};

static const char *const more_models[] = {
    "mlp:hidden=7x5,activation=tanh,init=glorot",
    "mlp:hidden=7,activation=relu,init=uniform",
    "mlp:hidden=3x3x3,activation=identity",
    "mlp:hidden=none",
    "mlp:hidden=5,activation=leaky_relu,slope=0.2",
    "mlp:hidden=5,activation=sigmoid",
    "mlp:hidden=5x4,activation=gelu,form=tanh",
    "mlp:hidden=5,activation=silu",
    "mlp:hidden=5,activation=softplus",
};

/* Runs `check` on every model with default options, then on more_models. */
static void each_model(void (*check)(const char *spec))
{
    const tally_about *about;

    expect_ok(tally_register_model(&sandwich));
    for (size_t i = 0; (about = tally_family_at(&tally_model_family, i)); i++)
        check(about->name);
    for (size_t i = 0; i < sizeof more_models / sizeof *more_models; i++)
        check(more_models[i]);
}

enum { SAMPLES = 11 };

/* Rounding of sums of k <= 512 terms walks at random: sqrt(k) epsilons; six deviations,
 * and at most four layers. */
static const double walk = 4 * 6 * 22.7 * REAL_EPSILON;

static double mean_loss(void *context)
{
    network *n = context;
    tally_score score = {0};

    expect_ok(n->f.ops->value(&n->f, n->w, network_samples(n, SAMPLES), &score));
    return score.loss_sum / SAMPLES;
}

/* The first, the last and six other coordinates of each tensor.  In double, where the
 * step is small, the tolerance must also say something: on average it stays under a
 * hundredth of the slopes. */
static void check_model_slopes(const char *spec)
{
    network n;
    tally_score score = {0};
    double tolerances = 0, slopes = 0;

    network_open(&n, spec, "cross_entropy", SAMPLES, SAMPLES);
    expect_ok(network_gradient(&n, SAMPLES, &score));
    slope_function f = {mean_loss, &n, walk * (1 + score.loss_sum / SAMPLES)};

    for (size_t i = 0; i < n.f.layout.count; i++) {
        tally_span s = n.f.layout.tensors[i].span;

        for (uint64_t k = 0; k < 8; k++) {
            size_t at = tally_random(1, TALLY_FOR_TESTS, i, k) % s.count;

            if (k < 2) at = k * (s.count - 1);
            slopes += fabs((double)n.g[s.first + at]);
            tolerances +=
                check_slope(spec, f, &n.w[s.first + at], (double)n.g[s.first + at]);
        }
    }
    if (REAL_EPSILON < 1e-10)
        cr_assert(tolerances < 0.01 * slopes, "%s: tolerance %g of %g", spec,
                  tolerances, slopes);
    network_close(&n);
}

Test(model, gradient_is_the_slope_of_value)
{
    each_model(check_model_slopes);
}

static void expect_tiles(const char *spec, const network *n)
{
    size_t end = n->f.layout.length;

    for (size_t i = 0; i < n->heard_count; i++) {
        tally_span s = n->heard[i];

        cr_assert(s.count > 0 && s.first + s.count == end, "%s: span %zu", spec, i);
        end = s.first;
    }
    cr_assert(end == 0, "%s: %zu values were not announced", spec, end);
    cr_assert(memcmp(n->g, n->heard_g, n->f.layout.length * sizeof *n->g) == 0,
              "%s: a span changed after it was announced", spec);
}

static void check_model_spans(const char *spec)
{
    network n;
    tally_score score = {0};

    network_open(&n, spec, "squared", SAMPLES, 4);
    expect_ok(network_gradient(&n, 4, &score));
    expect_tiles(spec, &n);
    expect_ok(network_gradient(&n, SAMPLES, &score));
    expect_tiles(spec, &n);
    network_close(&n);
}

Test(model, spans_tile_from_end_to_start_and_are_final)
{
    each_model(check_model_spans);
}

static void check_model_without_samples(const char *spec)
{
    network n;
    tally_score score = {0};

    network_open(&n, spec, "cross_entropy", SAMPLES, 4);
    expect_ok(network_gradient(&n, 0, &score));
    expect_tiles(spec, &n);
    for (size_t i = 0; i < n.f.layout.length; i++)
        cr_assert(n.g[i] == 0, "%s: g[%zu] is not 0", spec, i);
    expect_ok(n.f.ops->value(&n.f, n.w, network_samples(&n, 0), &score));
    cr_assert(score.count == 0 && score.loss_sum == 0 && score.correct == 0);
    network_close(&n);
}

Test(model, no_samples_give_a_zero_gradient)
{
    each_model(check_model_without_samples);
}

static void check_model_pieces(const char *spec)
{
    network whole, pieces;
    tally_score a = {0}, b = {0}, c = {0};

    network_open(&whole, spec, "cross_entropy", SAMPLES, SAMPLES);
    network_open(&pieces, spec, "cross_entropy", SAMPLES, 4);
    size_t length = whole.f.layout.length;
    double *want = calloc(length, sizeof *want);

    expect_ok(network_gradient(&whole, SAMPLES, &a));
    expect_ok(network_gradient(&pieces, SAMPLES, &b));
    expect_ok(
        pieces.f.ops->value(&pieces.f, whole.w, network_samples(&pieces, SAMPLES), &c));
    for (size_t i = 0; i < length; i++)
        want[i] = (double)whole.g[i];
    expect_near(spec, pieces.g, want, length, walk);
    cr_assert(fabs(a.loss_sum - b.loss_sum) <= walk * (1 + a.loss_sum), "%s", spec);
    cr_assert(eq(dbl, b.loss_sum, c.loss_sum));
    cr_assert(eq(u64, b.count, SAMPLES));
    cr_assert(b.correct == a.correct && c.correct == a.correct, "%s", spec);
    free(want);
    network_close(&whole);
    network_close(&pieces);
}

Test(model, pieces_add_up_to_one_call)
{
    each_model(check_model_pieces);
}

static void check_model_init(const char *spec)
{
    network a, b;

    network_open(&a, spec, "cross_entropy", 1, 1);
    network_open(&b, spec, "squared", 2, 2);
    size_t bytes = a.f.layout.length * sizeof *a.w;

    cr_assert(memcmp(a.w, b.w, bytes) == 0, "%s: the seed is not all", spec);
    expect_ok(b.f.ops->init(&b.f, 2, b.w));
    cr_assert(memcmp(a.w, b.w, bytes) != 0, "%s: the seed does not matter", spec);
    cr_assert(eq(u64, tally_layout_hash(&a.f.layout), tally_layout_hash(&b.f.layout)));
    network_close(&a);
    network_close(&b);
}

Test(model, init_is_a_function_of_the_seed)
{
    each_model(check_model_init);
}

#include "tally/model.h"

#include "support/arrays.h"
#include "support/expect.h"
#include "support/golden.h"
#include "support/memory_source.h"

#include <math.h>
#include <stdlib.h>

enum { D = 39 };

/* The 5-4-3 tanh network of problems.json on its eight samples. */
typedef struct problem {
    json_t *json;
    memory_samples samples;
    tally_source source;
    tally_objective f;
    tally_real *x;
    int32_t *label;
    uint64_t rows[8];
} problem;

static void open_problem(problem *p)
{
    size_t n;

    *p = (problem){.json = golden_open("problems")};
    p->x = golden_reals(golden_at(p->json, "mlp.X"), &n);
    p->label = golden_labels(golden_at(p->json, "mlp.y"), &n);
    cr_assert(eq(sz, n, 8));
    for (size_t i = 0; i < n; i++)
        p->rows[i] = i;
    p->samples = (memory_samples){n, 5, 3, p->x, p->label};
    p->source = memory_source(&p->samples);
    expect_ok(tally_net_open(&p->f, "mlp:hidden=4,activation=tanh", "cross_entropy",
                             &p->source, 8));
    cr_assert(eq(sz, p->f.layout.length, D));
}

static void close_problem(problem *p)
{
    tally_objective_close(&p->f);
    json_decref(p->json);
    free(p->x);
    free(p->label);
}

static double take_gradient(problem *p, const tally_real *w, tally_real *g)
{
    tally_samples s = {.rows = p->rows, .count = 8, .weight = 1.0 / 8};
    tally_score score = {0};

    expect_ok(p->f.ops->gradient(&p->f, w, s, g, (tally_listener){0}, &score));
    return score.loss_sum / 8;
}

/* Forward and backward are chains of four sums of at most 8 terms below 4, so a float
 * entry is off by under 4 * 8 * 4 epsilons; double is held to 1e-10. */
Test(mlp, loss_and_gradient_are_as_torch_has_them)
{
    const double tolerance = REAL_EPSILON > 1e-10 ? 128 * REAL_EPSILON : 1e-10;
    problem p;
    size_t n;
    tally_real g[D];

    open_problem(&p);
    tally_real *w = golden_reals(golden_at(p.json, "mlp.x0"), &n);
    double loss = take_gradient(&p, w, g);

    cr_assert(lt(dbl, fabs(loss - golden_number(p.json, "mlp.f0", NAN)), tolerance));
    expect_golden("g", g, D, golden_at(p.json, "mlp.g0"), tolerance);
    free(w);
    close_problem(&p);
}

/* w <- w - rate (g + decay w) for 20 steps.  The golden notes measure that such runs
 * magnify a perturbation of the start up to 2000 times. */
static void follow(const char *name)
{
    const double tolerance = REAL_EPSILON > 1e-10 ? 2000 * REAL_EPSILON : 1e-10;
    problem p;
    json_t *golden = golden_open(name);
    const json_t *path = golden_at(golden, "problems.mlp.x");
    double rate = golden_number(golden, "problems.mlp.hyper.lr", NAN);
    double decay = golden_number(golden, "problems.mlp.hyper.weight_decay", 0);
    size_t n;
    tally_real g[D];

    open_problem(&p);
    tally_real *w = golden_reals(json_array_get(path, 0), &n);

    cr_assert(lt(sz, 20, json_array_size(path)));
    for (size_t t = 1; t < json_array_size(path); t++) {
        take_gradient(&p, w, g);
        for (size_t i = 0; i < D; i++)
            w[i] -= (tally_real)(rate * ((double)g[i] + decay * (double)w[i]));
        expect_golden("w", w, D, json_array_get(path, t), tolerance);
    }
    free(w);
    json_decref(golden);
    close_problem(&p);
}

Test(mlp, gradient_descent_follows_sgd_a)
{
    follow("sgd.a");
}

Test(mlp, gradient_descent_with_decay_follows_sgd_b)
{
    follow("sgd.b");
}

static size_t count_weights(const char *spec)
{
    memory_samples samples = {.features = 6, .classes = 4};
    tally_source source = memory_source(&samples);
    tally_objective f;

    expect_ok(tally_net_open(&f, spec, "cross_entropy", &source, 1));
    size_t length = f.layout.length;

    tally_objective_close(&f);
    return length;
}

Test(mlp, hidden_widths_are_as_chosen)
{
    cr_assert(eq(sz, count_weights("mlp:hidden=none"), 7 * 4));
    cr_assert(eq(sz, count_weights("mlp:hidden=3x2,activation=identity"),
                 7 * 3 + 4 * 2 + 3 * 4));
    cr_assert(eq(sz, count_weights("mlp"), 7 * 512 + 513 * 512 + 513 * 4));
    cr_assert(eq(sz, count_weights("softmax"), 7 * 4));
}

/* mlp lists every layer that keeps its shape, and no other. */
Test(mlp, offers_every_activation)
{
    const tally_about *mlp, *layer;
    const tally_option *o;
    size_t length, count = 1; /* identity */

    expect_ok(tally_family_find(&tally_model_family, "mlp", &mlp));
    for (o = mlp->options; strcmp(o->name, "activation") != 0;)
        o++;
    for (size_t i = 0; (layer = tally_family_at(&tally_layer_family, i)); i++) {
        char spec[128];

        if (strcmp(layer->name, "dense") == 0) continue;
        count++;
        snprintf(spec, sizeof spec, "mlp:hidden=3,activation=%s", layer->name);
        cr_assert(eq(sz, count_weights(spec), 7 * 3 + 4 * 4));
    }
    cr_assert(tally_option_word(o->range, (int)count - 1, &length) != NULL);
    cr_assert(tally_option_word(o->range, (int)count, &length) == NULL);
}

static double loss_of(const char *spec)
{
    const tally_real x[] = {(tally_real)-0.5, 1, (tally_real)0.25, -2};
    const int32_t label[] = {0, 1};
    const uint64_t rows[] = {0, 1};
    memory_samples samples = {2, 2, 2, x, label};
    tally_source source = memory_source(&samples);
    tally_objective f;
    tally_score score = {0};

    expect_ok(tally_net_open(&f, spec, "cross_entropy", &source, 2));
    tally_real *w = tally_allocate(f.layout.length, sizeof *w);
    expect_ok(f.ops->init(&f, 1, w));
    expect_ok(f.ops->value(
        &f, w, (tally_samples){.rows = rows, .count = 2, .weight = 1}, &score));
    tally_objective_close(&f);
    free(w);
    return score.loss_sum;
}

Test(mlp, options_of_the_activation_reach_the_layer)
{
    double leaky = loss_of("mlp:hidden=9,activation=leaky_relu");
    double linear = loss_of("mlp:hidden=9,activation=leaky_relu,slope=1");
    double identity = loss_of("mlp:hidden=9,activation=identity");
    double by_erf = loss_of("mlp:hidden=9,activation=gelu");
    double by_tanh = loss_of("mlp:hidden=9,activation=gelu,form=tanh");

    cr_assert(eq(dbl, linear, identity));
    cr_assert(ne(dbl, leaky, linear));
    cr_assert(ne(dbl, by_erf, by_tanh));
    cr_assert(fabs(by_erf - by_tanh) < 0.01);
}

Test(mlp, its_layers_can_be_read)
{
    tally_real x[] = {1, 2};
    const int32_t label[] = {0, 1};
    memory_samples samples = {1, 2, 2, x, label};
    tally_source source = memory_source(&samples);
    tally_objective f;
    size_t count;

    expect_ok(tally_net_open(&f, "mlp:hidden=9", "cross_entropy", &source, 1));
    const tally_layer *layers = tally_net_layers(&f, &count);
    cr_assert(eq(sz, count, 3));
    cr_assert(eq(str, (char *)layers[1].ops->about.name, "relu"));
    cr_assert(eq(sz, layers[2].in, 9));
    tally_objective_close(&f);
}

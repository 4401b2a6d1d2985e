#include "model/layer/lone.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <string.h>

static const char *const tensors[] = {"W", "b", NULL};

Test(dense, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_dense.a", "dense", tensors);
}

Test(dense, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_dense.b", "dense", tensors);
}

Test(dense, tensors_have_names_that_read_well)
{
    tally_layout layout = {0};
    tally_layer l;

    expect_ok(tally_layer_open(&l, "dense:out=3", 5, 2, &layout));
    cr_assert(eq(str, l.name, "dense2"));
    cr_assert(eq(str, layout.tensors[0].name, "dense2.weight"));
    cr_assert(eq(sz, layout.tensors[0].shape[0], 3));
    cr_assert(eq(sz, layout.tensors[0].shape[1], 5));
    cr_assert(eq(str, layout.tensors[1].name, "dense2.bias"));
    cr_assert(eq(sz, l.span.count, 18));
    tally_layer_close(&l);
    tally_layout_close(&layout);
}

/* Every |weight| <= bound and some come near it; biases are zero, or bounded alike. */
static void check_bound(const char *spec, double bound, double bias_bound)
{
    lone_layer l;
    double most = 0, most_bias = 0;

    lone_open(&l, spec, 1, 50);
    expect_ok(l.layer.ops->init(&l.layer, 7, l.w));
    for (size_t i = 0; i < 30 * 50; i++)
        most = fmax(most, fabs((double)l.w[i]));
    for (size_t i = 30 * 50; i < l.layout.length; i++)
        most_bias = fmax(most_bias, fabs((double)l.w[i]));
    cr_assert(most <= bound * 1.000001 && most > 0.99 * bound, "%s: %g of %g", spec,
              most, bound);
    cr_assert(most_bias <= bias_bound * 1.000001 && most_bias >= 0.8 * bias_bound);
    lone_close(&l);
}

Test(dense, glorot_fills_its_interval)
{
    check_bound("dense:out=30,init=glorot", sqrt(6.0 / 80), 0);
}

Test(dense, uniform_fills_its_interval_biases_too)
{
    check_bound("dense:out=30,init=uniform", 1 / sqrt(50), 1 / sqrt(50));
}

/* The variance of n normals has relative deviation sqrt(2 / n); six of them. */
Test(dense, he_has_variance_two_over_in)
{
    lone_layer l;
    double sum = 0;
    const double n = 200 * 50;

    lone_open(&l, "dense:out=200,init=he", 1, 50);
    expect_ok(l.layer.ops->init(&l.layer, 7, l.w));
    for (size_t i = 0; i < 200 * 50; i++)
        sum += (double)l.w[i] * (double)l.w[i];
    cr_assert(lt(dbl, fabs(sum / n / (2.0 / 50) - 1), 6 * sqrt(2 / n)));
    cr_assert(l.w[200 * 50] == 0 && l.w[l.layout.length - 1] == 0);
    lone_close(&l);
}

Test(dense, counts_two_products_when_it_is_first_and_three_above)
{
    tally_layout layout = {0};
    tally_layer first, second;

    expect_ok(tally_layer_open(&first, "dense:out=3", 5, 1, &layout));
    expect_ok(tally_layer_open(&second, "dense:out=4", 3, 2, &layout));
    cr_assert(eq(dbl, first.ops->flops(&first, 7), 2.0 * 2 * 7 * 5 * 3));
    cr_assert(eq(dbl, second.ops->flops(&second, 7), 3.0 * 2 * 7 * 3 * 4));
    tally_layer_close(&first);
    tally_layer_close(&second);
    tally_layout_close(&layout);
}

Test(dense, a_width_of_zero_is_refused)
{
    tally_layout layout = {0};
    tally_layer l;

    expect_fail(tally_layer_open(&l, "dense:out=0", 5, 1, &layout), OPTION,
                "out=0 is not in [1, 2147483647]");
    expect_fail(tally_layer_open(&l, "dense", 0, 1, &layout), OPTION,
                "layer dense1: its input has 0 values");
    tally_layer_close(&l);
    tally_layout_close(&layout);
}

Test(dense, an_epilogue_is_the_layer_that_follows)
{
    static const char *const specs[] = {"relu", "leaky_relu:slope=0.3", "tanh",
                                        "sigmoid"};

    for (size_t i = 0; i < 4; i++) {
        lone_layer plain, fused, next;

        lone_open(&plain, "dense:out=37", 5, 11);
        lone_open(&fused, "dense:out=37", 5, 11);
        lone_open(&next, specs[i], 5, 37);
        lone_run(&plain);
        next.layer.ops->forward(&next.layer, next.w, plain.y, 5, next.y);
        fused.layer.epilogue = &next.layer;
        lone_run(&fused);
        cr_expect(memcmp(fused.y, next.y, 5 * 37 * sizeof *next.y) == 0, "%s",
                  specs[i]);
        cr_expect(memcmp(fused.g, plain.g, plain.layout.length * sizeof *plain.g) == 0,
                  "%s: the gradient heeds the epilogue", specs[i]);
        lone_close(&plain);
        lone_close(&fused);
        lone_close(&next);
    }
}

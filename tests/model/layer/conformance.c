/* What every layer promises, registered ones included. */

#include "model/layer/lone.h"
#include "num/isa.h"
#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"
#include "support/slope.h"

#include <math.h>
#include <stdlib.h>

static void each_layer(void (*check)(const char *spec))
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_layer_family, i)); i++)
        check(about->name);
    check("dense:out=5,init=glorot");
    check("dense:out=6,init=uniform");
    check("leaky_relu:slope=0.25");
    check("gelu:form=tanh");
}

enum { BATCH = 3, IN = 6 };

/* Far from 0 nothing overflows, and what is flat stays flat: a step of 1 or 0. */
static void check_layer_far_out(const char *spec)
{
    lone_layer l;

    lone_open(&l, spec, BATCH, IN);
    bool activation = l.layer.span.count == 0;
    for (size_t i = 0; activation && i < BATCH * IN; i++) {
        l.x[i] = (tally_real)(i % 2 ? 1000 : -1000) * (tally_real)(i + 1);
        l.dy[i] = 1;
    }
    lone_run(&l);
    for (size_t i = 0; activation && i < BATCH * IN; i++) {
        cr_assert(isfinite((double)l.y[i]) && isfinite((double)l.dx[i]), "%s", spec);
        cr_assert(l.dx[i] >= 0 && l.dx[i] <= 1, "%s: slope %g at %g", spec,
                  (double)l.dx[i], (double)l.x[i]);
    }
    lone_close(&l);
}

Test(layer, activations_are_finite_far_from_0)
{
    each_layer(check_layer_far_out);
}

/* sum over all outputs of dy y, whose slopes are dx and g. */
static double weigh_outputs(void *context)
{
    lone_layer *l = context;
    double sum = 0;

    l->layer.ops->forward(&l->layer, l->w, l->x, l->batch, l->y);
    for (size_t i = 0; i < l->batch * l->layer.out; i++)
        sum += (double)l->dy[i] * (double)l->y[i];
    return sum;
}

/* Inputs, weights and dy are at most 1: an output of IN + 1 terms rounds at most so
 * often, each time by under IN + 1 epsilons, and there are batch × out of them. */
static void check_layer_slopes(const char *spec)
{
    lone_layer l;

    lone_open(&l, spec, BATCH, IN);
    slope_function f = {weigh_outputs, &l,
                        (double)(BATCH * l.layer.out * (IN + 1) * (IN + 1)) *
                            REAL_EPSILON};

    lone_run(&l);
    for (size_t i = 0; i < BATCH * IN; i++)
        check_slope(spec, f, &l.x[i], (double)l.dx[i]);
    for (size_t i = 0; i < l.layout.length; i++)
        check_slope(spec, f, &l.w[i], (double)l.g[i]);
    lone_close(&l);
}

Test(layer, backward_is_the_slope_of_forward)
{
    each_layer(check_layer_slopes);
}

static void check_layer_without_dx(const char *spec)
{
    lone_layer a, b;

    lone_open(&a, spec, BATCH, IN);
    lone_open(&b, spec, BATCH, IN);
    lone_run(&a);
    free(b.dx);
    b.dx = NULL;
    for (size_t i = 0; i < b.layout.length; i++)
        b.g[i] = (tally_real)NAN;
    lone_run(&b);
    cr_assert(memcmp(a.g, b.g, a.layout.length * sizeof *a.g) == 0, "%s", spec);
    lone_close(&a);
    lone_close(&b);
}

Test(layer, backward_overwrites_g_and_dx_is_optional)
{
    each_layer(check_layer_without_dx);
}

/* The layer above d values of others, as the second of a network. */
static void check_layer_init(const char *spec)
{
    lone_layer l;

    lone_open(&l, spec, BATCH, IN);
    size_t bytes = l.layout.length * sizeof *l.w;
    tally_real *first = random_reals(7, l.layout.length);

    if (l.layer.ops->init) {
        expect_ok(l.layer.ops->init(&l.layer, 3, first));
        expect_ok(l.layer.ops->init(&l.layer, 4, l.w));
        cr_assert(memcmp(first, l.w, bytes) != 0, "%s: the seed does not matter", spec);
        expect_ok(l.layer.ops->init(&l.layer, 3, l.w));
        cr_assert(memcmp(first, l.w, bytes) == 0, "%s: the seed is not all", spec);
    }
    free(first);
    lone_close(&l);
}

Test(layer, init_is_a_function_of_the_seed)
{
    each_layer(check_layer_init);
}

/* The header allows dx to be dy for a layer that is elementwise: none with tensors. */
static void check_layer_in_place(const char *spec)
{
    lone_layer a, b;

    lone_open(&a, spec, BATCH, IN);
    lone_open(&b, spec, BATCH, IN);
    lone_run(&a);
    if (a.layer.span.count == 0) {
        memcpy(b.dx, b.dy, BATCH * IN * sizeof *b.dx);
        b.layer.ops->forward(&b.layer, b.w, b.x, BATCH, b.y);
        b.layer.ops->backward(&b.layer, b.w, b.x, b.y, b.dx, BATCH, b.dx, b.g);
        cr_assert(memcmp(a.dx, b.dx, BATCH * IN * sizeof *a.dx) == 0, "%s", spec);
    }
    lone_close(&a);
    lone_close(&b);
}

Test(layer, elementwise_backward_works_in_place)
{
    each_layer(check_layer_in_place);
}

/* One product at a time gives the bits of both at once. */
static void check_layer_parts(const char *spec)
{
    lone_layer a, b;

    lone_open(&a, spec, BATCH, IN);
    lone_open(&b, spec, BATCH, IN);
    lone_run(&a);
    if (a.layer.ops->parted) {
        const tally_layer_ops *ops = b.layer.ops;
        tally_span s = b.layer.span;

        ops->forward(&b.layer, b.w, b.x, BATCH, b.y);
        ops->backward(&b.layer, b.w, b.x, b.y, b.dy, BATCH, NULL, b.g);
        ops->backward(&b.layer, b.w, b.x, b.y, b.dy, BATCH, b.dx, NULL);
        cr_assert(memcmp(a.dx, b.dx, BATCH * IN * sizeof *a.dx) == 0, "%s", spec);
        cr_assert(memcmp(a.g + s.first, b.g + s.first, s.count * sizeof *a.g) == 0,
                  "%s", spec);
    }
    lone_close(&a);
    lone_close(&b);
}

Test(layer, parts_of_backward_are_the_whole)
{
    each_layer(check_layer_parts);
}

/* A layer that names a slope is x where x > 0, and slope x elsewhere. */
static void check_layer_slope(const char *spec)
{
    lone_layer a;

    lone_open(&a, spec, BATCH, IN);
    lone_run(&a);
    for (size_t i = 0; a.layer.ops->slope && i < BATCH * IN; i++) {
        tally_real slope = a.layer.ops->slope(&a.layer), x = a.x[i];
        double y = x > 0 ? (double)x : (double)(slope * x);

        cr_assert(fabs((double)a.y[i] - y) <= 0, "%s: %g of %g", spec, (double)a.y[i],
                  (double)x);
    }
    lone_close(&a);
}

Test(layer, a_named_slope_is_that_of_forward)
{
    each_layer(check_layer_slope);
}

static void run_wildly(lone_layer *l, tally_isa isa, const char *spec, uint64_t round)
{
    size_t in = 1 + tally_random(6, TALLY_FOR_TESTS, round, 0) % 70;

    tally_isa_use(isa);
    lone_open(l, spec, BATCH, in);
    free(l->x);
    free(l->dy);
    l->x = wild_reals(round, BATCH * in);
    l->dy = wild_reals(round + 1000, BATCH * l->layer.out);
    lone_run(l);
}

static void check_layer_on_every_isa(const char *spec)
{
    for (uint64_t round = 0; round < 30; round++)
        for (int isa = TALLY_PORTABLE + 1; isa <= (int)tally_isa_best(); isa++) {
            lone_layer a, b;

            run_wildly(&a, TALLY_PORTABLE, spec, round);
            run_wildly(&b, (tally_isa)isa, spec, round);
            cr_assert(a.layer.ops != b.layer.ops);
            expect_same_bits(spec, b.y, a.y, BATCH * a.layer.out);
            expect_same_bits(spec, b.dx, a.dx, BATCH * a.layer.in);
            expect_same_bits(spec, b.g, a.g, a.layout.length);
            lone_close(&a);
            lone_close(&b);
        }
}

Test(layer, every_instruction_set_gives_the_same_bits)
{
    each_layer(check_layer_on_every_isa);
}

/* The header allows y to be x, too. */
static void check_forward_in_place(const char *spec)
{
    lone_layer a, b;

    lone_open(&a, spec, BATCH, IN);
    lone_open(&b, spec, BATCH, IN);
    a.layer.ops->forward(&a.layer, a.w, a.x, BATCH, a.y);
    if (a.layer.span.count == 0) {
        b.layer.ops->forward(&b.layer, b.w, b.x, BATCH, b.x);
        expect_same_bits(spec, b.x, a.y, BATCH * IN);
    }
    lone_close(&a);
    lone_close(&b);
}

Test(layer, elementwise_forward_works_in_place)
{
    each_layer(check_forward_in_place);
}

/* A layer that says so is told y and dy alone. */
static void check_backward_without_x(const char *spec)
{
    lone_layer a, b;

    lone_open(&a, spec, BATCH, IN);
    lone_open(&b, spec, BATCH, IN);
    lone_run(&a);
    if (a.layer.ops->in_place) {
        b.layer.ops->backward(&b.layer, b.w, a.y, a.y, b.dy, BATCH, b.dx, b.g);
        expect_same_bits(spec, b.dx, a.dx, BATCH * IN);
    }
    lone_close(&a);
    lone_close(&b);
}

Test(layer, what_works_in_place_needs_no_x)
{
    each_layer(check_backward_without_x);
}

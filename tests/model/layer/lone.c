/* lone.c — one layer without a network around it. */

#include "model/layer/lone.h"

#include "support/arrays.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void lone_open(lone_layer *l, const char *spec, size_t batch, size_t in)
{
    *l = (lone_layer){.batch = batch};
    expect_ok(tally_layer_open(&l->layer, spec, in, 1, &l->layout));
    size_t out = l->layer.out;

    l->w = random_reals(1, l->layout.length);
    l->g = random_reals(2, l->layout.length);
    l->x = random_reals(3, batch * in);
    l->y = random_reals(4, batch * out);
    l->dy = random_reals(5, batch * out);
    l->dx = random_reals(6, batch * in);
    for (size_t i = 0; i < batch * in; i++)
        if (fabs((double)l->x[i]) < 0.05) l->x[i] = (tally_real)0.05;
}

void lone_close(lone_layer *l)
{
    tally_layer_close(&l->layer);
    tally_layout_close(&l->layout);
    free(l->w);
    free(l->g);
    free(l->x);
    free(l->y);
    free(l->dy);
    free(l->dx);
}

void lone_run(lone_layer *l)
{
    const tally_layer_ops *ops = l->layer.ops;

    ops->forward(&l->layer, l->w, l->x, l->batch, l->y);
    ops->backward(&l->layer, l->w, l->x, l->y, l->dy, l->batch, l->dx, l->g);
}

static void copy(const json_t *from, tally_real *to, size_t n)
{
    size_t count;
    tally_real *v = golden_reals(from, &count);

    cr_assert(count == n, "%zu values, expected %zu", count, n);
    memcpy(to, v, n * sizeof *to);
    free(v);
}

/* Inputs are below 4 and sums have at most 16 terms: a float rounds each term's two
 * factors, the product and the sum, so an entry is off by at most 16 * 4 * 16 half
 * epsilons, here taken relative to 1 + |want|; double is held to 1e-10. */
static double tolerance(void)
{
    return REAL_EPSILON > 1e-10 ? 512 * REAL_EPSILON : 1e-10;
}

void lone_check_golden(const char *name, const char *kind, const char *const *tensors)
{
    json_t *golden = golden_open(name);
    const json_t *x = golden_at(golden, "inputs.x");
    const json_t *y = golden_at(golden, "output");
    size_t batch = json_array_size(x), in = json_array_size(json_array_get(x, 0));
    size_t out = json_array_size(json_array_get(y, 0));
    char spec[64], path[64];
    lone_layer l;

    snprintf(spec, sizeof spec, tensors[0] ? "%s:out=%zu" : "%s", kind, out);
    lone_open(&l, spec, batch, in);
    copy(x, l.x, batch * in);
    copy(golden_at(golden, "upstream"), l.dy, batch * out);
    for (size_t i = 0; tensors[i]; i++) {
        tally_span s = l.layout.tensors[i].span;

        snprintf(path, sizeof path, "inputs.%s", tensors[i]);
        copy(golden_at(golden, path), l.w + s.first, s.count);
    }
    lone_run(&l);
    expect_golden("y", l.y, batch * out, y, tolerance());
    expect_golden("dx", l.dx, batch * in, golden_at(golden, "grads.x"), tolerance());
    for (size_t i = 0; tensors[i]; i++) {
        tally_span s = l.layout.tensors[i].span;

        snprintf(path, sizeof path, "grads.%s", tensors[i]);
        expect_golden(path, l.g + s.first, s.count, golden_at(golden, path),
                      tolerance());
    }
    lone_close(&l);
    json_decref(golden);
}

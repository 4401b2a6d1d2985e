/* activations.c — layers that keep their shape and hold no weights, in the cache.
 *
 * Bytes: forward reads and writes a vector; backward reads two and writes one. */

#include "cli/bench/kernel.h"
#include "model/layer/layer.h"

#include <stdio.h>

static tally_status forward(kernel *k)
{
    const tally_layer *l = k->what;

    l->ops->forward(l, NULL, k->on->a, KERNEL_BATCH, k->on->c);
    return TALLY_OK;
}

/* Any y will do: what it is changes no branch. */
static tally_status backward(kernel *k)
{
    const tally_layer *l = k->what;

    l->ops->backward(l, NULL, k->on->a, k->on->b, k->on->b, KERNEL_BATCH, k->on->c,
                     NULL);
    return TALLY_OK;
}

static tally_status measure(kernel_bench *b, tally_layer *l, const char *verb,
                            tally_status (*run)(kernel *k), int vectors)
{
    size_t values = KERNEL_BATCH * KERNEL_WIDTH;
    kernel k = {.run = run,
                .on = b,
                .group = "activations",
                .bytes = (double)values * vectors * sizeof(tally_real),
                .values = values,
                .what = l};

    snprintf(k.name, sizeof k.name, "%s %s", l->ops->about.name, verb);
    snprintf(k.shape, sizeof k.shape, "%dx%d", KERNEL_BATCH, KERNEL_WIDTH);
    return kernel_measure(&k);
}

/* Layers that need options are none. */
static bool opens(tally_layer *l, const char *name, tally_layout *layout)
{
    if (tally_layer_open(l, name, KERNEL_WIDTH, 1, layout) == TALLY_OK)
        return l->in == l->out && l->span.count == 0;
    tally_error_clear();
    return false;
}

tally_status kernel_activations(kernel_bench *b)
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_layer_family, i)); i++) {
        tally_layout layout = {0};
        tally_layer l = {0};
        tally_status status = TALLY_OK;

        if (opens(&l, about->name, &layout)) {
            status = measure(b, &l, "forward", forward, 2);
            if (!status) status = measure(b, &l, "backward", backward, 3);
        }
        tally_layer_close(&l);
        tally_layout_close(&layout);
        TALLY_TRY(status);
    }
    return TALLY_OK;
}

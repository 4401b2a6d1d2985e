/* layer.c — the family of layers, and how one is opened. */

#include "model/layer/layer.h"

#include <limits.h>
#include <stdio.h>

static const tally_about *const *const compiled[] = TALLY_EACH_ISA(tally_layer_members);

const tally_family tally_layer_family = {
    .name = "layer",
    .flag = "--layer",
    .brief = "what models are made of; chosen by the model",
    .members = tally_layer_members,
};

tally_status tally_register_layer(const tally_layer_ops *ops)
{
    return tally_family_register(&tally_layer_family, &ops->about);
}

/* Widths are bounded by what a BLAS can count. */
static tally_status check_width(const tally_layer *l, const char *what, size_t width)
{
    if (width >= 1 && width <= INT_MAX) return TALLY_OK;
    return TALLY_FAIL(OPTION, "layer %s: its %s has %zu values, expected 1 to %d",
                      l->name, what, width, INT_MAX);
}

tally_status tally_layer_open(tally_layer *l, const char *spec, size_t in,
                              size_t number, tally_layout *layout)
{
    const tally_about *about;
    size_t first = layout->length;

    *l = (tally_layer){.in = in, .layout = layout};
    TALLY_TRY(tally_family_open(&tally_layer_family, spec, &about, &l->options));
    l->ops = (const tally_layer_ops *)tally_isa_twin(about, compiled);
    snprintf(l->name, sizeof l->name, "%s%zu", about->name, number);
    TALLY_TRY(check_width(l, "input", in));
    TALLY_TRY(l->ops->shape(l, layout));
    TALLY_TRY(check_width(l, "output", l->out));
    l->span = (tally_span){first, layout->length - first};
    return TALLY_OK;
}

void tally_layer_close(tally_layer *l)
{
    if (l->ops) tally_options_close(&l->ops->about, l->options);
    *l = (tally_layer){0};
}

tally_status tally_layer_keep_shape(tally_layer *l, tally_layout *layout)
{
    (void)layout;
    l->out = l->in;
    return TALLY_OK;
}

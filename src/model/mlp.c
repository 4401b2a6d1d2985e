/* mlp.c — a multilayer perceptron: dense layers with an activation between them.
 *
 *     y[0] = x,  y[l] = a(W[l] y[l-1] + b[l]),  z = W[L] y[L-1] + b[L]
 *
 * Rumelhart, Hinton and Williams, Learning representations by back-propagating errors,
 * 1986.  No activation follows the last layer: the loss takes z. */

#include "model/mlp.h"

#include "base/text.h"
#include "model/layer/init.h"
#include "model/layer/layer.h"
#include "model/model.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* "relu|...|identity", from the list of layers. */
static const char activations[] =
#define LAYER(name)
#define ACTIVATION(name) #name "|"
#include "model/layer/list.def"
#undef ACTIVATION
#undef LAYER
    "identity";

typedef struct mlp {
    tally_sizes hidden;
    int activation, form, init;
    double slope;
} mlp;

static const tally_option options[] = {
    TALLY_OPTION(SIZES, mlp, hidden, "512x512", "[1, 2147483647]",
                 "widths of the hidden layers, or none"),
    TALLY_OPTION(CHOICE, mlp, activation, "relu", activations,
                 "what follows each hidden layer"),
    TALLY_OPTION(REAL, mlp, slope, "0.01", "[0, 1]",
                 "leaky_relu: factor of what is negative"),
    TALLY_OPTION(CHOICE, mlp, form, "erf", "erf|tanh",
                 "gelu: as defined, or the approximation"),
    TALLY_OPTION(CHOICE, mlp, init, "uniform", TALLY_INIT_WORDS,
                 "how the first weights are drawn; he suits many relu layers"),
    TALLY_END,
};

static tally_status add_dense(tally_net *net, uint64_t out, int how)
{
    char spec[128];
    size_t length;
    const char *init = tally_option_word(TALLY_INIT_WORDS, how, &length);

    snprintf(spec, sizeof spec, "dense:out=%llu,init=%.*s", (unsigned long long)out,
             (int)length, init);
    TALLY_TRY(tally_net_add(net, spec));
    return TALLY_OK;
}

tally_status tally_mlp_build(tally_net *net, const tally_sizes *hidden,
                             const char *activation, int init, size_t classes)
{
    for (size_t i = 0; i < hidden->count; i++) {
        TALLY_TRY(add_dense(net, hidden->at[i], init));
        if (activation) TALLY_TRY(tally_net_add(net, activation));
    }
    TALLY_TRY(add_dense(net, classes, init));
    return TALLY_OK;
}

static const tally_option *option_named(const char *name)
{
    const tally_option *o = options;

    while (o->name && strcmp(o->name, name) != 0)
        o++;
    return o->name ? o : NULL;
}

/* "leaky_relu:slope=0.01": an option of the layer is the mlp's of the same name. */
static tally_status spell_activation(const mlp *o, const char *name, char *spec,
                                     size_t most)
{
    const tally_about *layer;
    char value[32];
    size_t used = 0;

    TALLY_TRY(tally_family_find(&tally_layer_family, name, &layer));
    bool fits = tally_text_append(spec, most, &used, "%s", name);
    for (const tally_option *its = layer->options; its && its->name && fits; its++) {
        const tally_option *ours = option_named(its->name);

        if (!ours) continue;
        TALLY_TRY(tally_option_print(ours, o, value, sizeof value));
        fits = tally_text_append(spec, most, &used, "%s%s=%s",
                                 strchr(spec, ':') ? "," : ":", its->name, value);
    }
    assert(fits);
    return TALLY_OK;
}

static tally_status build(const void *chosen, tally_net *net, size_t features,
                          size_t classes)
{
    const mlp *o = chosen;
    char name[32], spec[128];
    size_t length;
    const char *word = tally_option_word(activations, o->activation, &length);

    (void)features;
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    bool active = strcmp(name, "identity") != 0;
    if (active) TALLY_TRY(spell_activation(o, name, spec, sizeof spec));
    TALLY_TRY(tally_mlp_build(net, &o->hidden, active ? spec : NULL, o->init, classes));
    return TALLY_OK;
}

const tally_model_ops tally_model_mlp = {
    .about = {.name = "mlp",
              .brief = "dense layers with an activation between them",
              .paper = "Rumelhart et al. 1986",
              .options = options,
              .options_size = sizeof(mlp)},
    .build = build,
};

/* mlp.c — a multilayer perceptron: dense layers with an activation between them.
 *
 *     y[0] = x,  y[l] = a(W[l] y[l-1] + b[l]),  z = W[L] y[L-1] + b[L]
 *
 * Rumelhart, Hinton and Williams, Learning representations by back-propagating errors,
 * 1986.  No activation follows the last layer: the loss takes z. */

#include "model/layer/init.h"
#include "model/model.h"

#include <stdio.h>
#include <string.h>

#define ACTIVATIONS "relu|tanh|identity"

typedef struct mlp {
    tally_sizes hidden;
    int activation, init;
} mlp;

static const tally_option options[] = {
    TALLY_OPTION(SIZES, mlp, hidden, "512x512", "[1, 2147483647]",
                 "widths of the hidden layers, or none"),
    TALLY_OPTION(CHOICE, mlp, activation, "relu", ACTIVATIONS,
                 "what follows each hidden layer"),
    TALLY_OPTION(CHOICE, mlp, init, "uniform", TALLY_INIT_WORDS,
                 "how the first weights are drawn; he suits many relu layers"),
    TALLY_END,
};

static tally_status add_dense(tally_net *net, const mlp *o, uint64_t out)
{
    char spec[128];
    size_t length;
    const char *init = tally_option_word(TALLY_INIT_WORDS, o->init, &length);

    snprintf(spec, sizeof spec, "dense:out=%llu,init=%.*s", (unsigned long long)out,
             (int)length, init);
    TALLY_TRY(tally_net_add(net, spec));
    return TALLY_OK;
}

static tally_status build(const void *chosen, tally_net *net, size_t features,
                          size_t classes)
{
    const mlp *o = chosen;
    char activation[16];
    size_t length;
    const char *word = tally_option_word(ACTIVATIONS, o->activation, &length);

    (void)features;
    snprintf(activation, sizeof activation, "%.*s", (int)length, word);
    for (size_t i = 0; i < o->hidden.count; i++) {
        TALLY_TRY(add_dense(net, o, o->hidden.at[i]));
        if (strcmp(activation, "identity") != 0)
            TALLY_TRY(tally_net_add(net, activation));
    }
    TALLY_TRY(add_dense(net, o, classes));
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

/* gamlp.c — a graph-augmented MLP: dense layers of one width on features that have
 * hopped.
 *
 *     z = W[L] relu(... relu(W[1] x + b[1]) ...) + b[L],   x = [H; S H; ...; S^K H]
 *
 * Chen, Bian and Bruna, On Graph Neural Networks versus Graph-Augmented MLPs, 2020,
 * arXiv:2010.15116; Wang et al., 2022, arXiv:2105.09837, section III: 10 layers of 100
 * or 500 neurons.  The hops are in the data (--data graph): from there it is an MLP,
 * with the tensors of one, so weights go from one to the other.  `layers` counts weight
 * matrices. */

#include "model/layer/init.h"
#include "model/mlp.h"
#include "model/model.h"

typedef struct gamlp {
    uint64_t hidden, layers;
    int init;
} gamlp;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, gamlp, hidden, "100", "[1, 2147483647]",
                 "width of every hidden layer"),
    TALLY_OPTION(COUNT, gamlp, layers, "10", "[1, 33]",
                 "weight matrices; relu between them"),
    TALLY_OPTION(CHOICE, gamlp, init, "uniform", TALLY_INIT_WORDS,
                 "how the first weights are drawn; he suits many relu layers"),
    TALLY_END,
};

static tally_status build(const void *chosen, tally_net *net, size_t features,
                          size_t classes)
{
    const gamlp *o = chosen;
    tally_sizes hidden = {.count = (size_t)o->layers - 1};

    (void)features;
    for (size_t i = 0; i < hidden.count; i++)
        hidden.at[i] = o->hidden;
    TALLY_TRY(tally_mlp_build(net, &hidden, "relu", o->init, classes));
    return TALLY_OK;
}

const tally_model_ops tally_model_gamlp = {
    .about = {.name = "gamlp",
              .brief = "a graph-augmented MLP: dense layers of one width, relu between",
              .paper = "arXiv:2105.09837",
              .options = options,
              .options_size = sizeof(gamlp)},
    .build = build,
};

/* net.c — which runs can be trained layer by layer: dense layers, with a piecewise
 * linear activation or none between them, and the loss whose last z is solved for. */

#include "base/status.h"
#include "trainer/admm/admm.h"

#include <string.h>

static tally_status refuse_layer(const tally_layer *l)
{
    return TALLY_FAIL(UNSUPPORTED,
                      "trainer admm: layer %s has no closed form for its z; expected "
                      "dense layers with relu, leaky_relu or nothing between them",
                      l->name);
}

static tally_status check_run(const tally_run *run)
{
    if (run->f != &run->net)
        return TALLY_FAIL(UNSUPPORTED, "trainer admm needs a model and data, and no "
                                       "penalty: mu is its own");
    if (strncmp(run->options->loss, "cross_entropy", 13) != 0)
        return TALLY_FAIL(UNSUPPORTED,
                          "trainer admm: loss %s, expected cross_entropy: the last z "
                          "is solved for",
                          run->options->loss);
    return TALLY_OK;
}

/* A dense layer begins a new shape, an activation says what follows the one before. */
tally_status admm_read_net(const tally_run *run, admm_shape *shapes, size_t *count)
{
    bool activated = true;
    size_t layers;

    TALLY_TRY(check_run(run));
    const tally_layer *l = tally_net_layers(&run->net, &layers);
    *count = 0;
    for (size_t i = 0; i < layers; i++, l++) {
        if (strcmp(l->ops->about.name, "dense") != 0) {
            if (activated || !l->ops->slope) return refuse_layer(l);
            shapes[*count - 1].slope = l->ops->slope(l);
            activated = true;
            continue;
        }
        activated = false;
        if (*count == ADMM_LAYERS_MOST)
            return TALLY_FAIL(UNSUPPORTED, "trainer admm: more than %d layers",
                              ADMM_LAYERS_MOST);
        tally_real *w = run->w + l->span.first;

        shapes[(*count)++] = (admm_shape){
            .in = l->in, .out = l->out, .slope = 1, .w = w, .b = w + l->in * l->out};
    }
    if (activated) return refuse_layer(l - 1);
    shapes[*count - 1].last = true;
    return TALLY_OK;
}

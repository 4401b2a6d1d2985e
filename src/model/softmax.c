/* softmax.c — multinomial logistic regression: one dense layer.
 *
 *     z = W x + b,  with the cross entropy of softmax(z) as its usual loss
 *
 * Convex in W and b with that loss.  d = classes (features + 1). */

#include "model/layer/init.h"
#include "model/model.h"

#include <stdio.h>

typedef struct softmax {
    int init;
} softmax;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, softmax, init, "glorot", TALLY_INIT_WORDS,
                 "how the first weights are drawn"),
    TALLY_END,
};

static tally_status build(const void *chosen, tally_net *net, size_t features,
                          size_t classes)
{
    const softmax *o = chosen;
    char spec[128];
    size_t length;
    const char *init = tally_option_word(TALLY_INIT_WORDS, o->init, &length);

    (void)features;
    snprintf(spec, sizeof spec, "dense:out=%zu,init=%.*s", classes, (int)length, init);
    TALLY_TRY(tally_net_add(net, spec));
    return TALLY_OK;
}

const tally_model_ops tally_model_softmax = {
    .about = {.name = "softmax",
              .brief = "multinomial logistic regression: one dense layer",
              .paper = "",
              .options = options,
              .options_size = sizeof(softmax)},
    .build = build,
};

/* mlp.h — dense layers in a row, for every model that is made of them. */

#ifndef TALLY_MODEL_MLP_H
#define TALLY_MODEL_MLP_H

#include "tally/model.h"

/* Adds dense layers of the hidden widths, each followed by `activation` (a layer's
 * spec; NULL: none), and one of `classes` outputs.  init: an index into
 * TALLY_INIT_WORDS. Tensors are named dense1.weight, dense1.bias, dense2.weight, ... */
tally_status tally_mlp_build(tally_net *net, const tally_sizes *hidden,
                             const char *activation, int init, size_t classes);

#endif

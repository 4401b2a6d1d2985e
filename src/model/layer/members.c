/* members.c — the layers as compiled for one instruction set, in the order of list.def.
 */

#include "model/layer/layer.h"

tally_members tally_layer_members = {

#define LAYER(name) &tally_layer_##name.about,
#define ACTIVATION  LAYER
#include "model/layer/list.def"
#undef ACTIVATION
#undef LAYER
    NULL,
};

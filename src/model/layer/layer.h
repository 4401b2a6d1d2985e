/* layer.h — the table of every layer, and how one is opened. */

#ifndef TALLY_MODEL_LAYER_LAYER_H
#define TALLY_MODEL_LAYER_LAYER_H

#include "tally/model.h"

#include "num/isa.h"

#define LAYER(name) extern const tally_layer_ops tally_layer_##name;
#define ACTIVATION  LAYER
#include "model/layer/list.def"
#undef ACTIVATION
#undef LAYER

extern tally_members tally_layer_members, tally_layer_members_avx2,
    tally_layer_members_avx512;

/* Opens the layer of a spec ("dense:out=512") for inputs of `in` values and appends its
 * tensors to the layout, which it borrows.  number: its place among layers of its kind,
 * from 1; dense number 2 is named dense2.  After a failure l must still be closed. */
tally_status tally_layer_open(tally_layer *l, const char *spec, size_t in,
                              size_t number, tally_layout *layout);
void tally_layer_close(tally_layer *l);

/* The shape of an activation: as many values out as in, and no tensors. */
tally_status tally_layer_keep_shape(tally_layer *l, tally_layout *layout);

#endif

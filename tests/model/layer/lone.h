/* lone.h — one layer without a network around it. */

#ifndef TEST_MODEL_LAYER_LONE_H
#define TEST_MODEL_LAYER_LONE_H

#include "model/layer/layer.h"

#include <jansson.h>

/* Must not move once open: the layer borrows the layout. */
typedef struct lone_layer {
    tally_layer layer;
    tally_layout layout;
    size_t batch;
    tally_real *w, *g, *x, *y, *dy, *dx; /* owned */
} lone_layer;

/* Random w and x in [-1, 1), dy likewise; x at least 0.05 away from 0. */
void lone_open(lone_layer *l, const char *spec, size_t batch, size_t in);
void lone_close(lone_layer *l);

/* Forward, then backward. */
void lone_run(lone_layer *l);

/* The layer of one golden file ("layer_dense.a"), run on its inputs; tensors are the
 * names of its weights there, ending with NULL.  Checks y, dx and every dw. */
void lone_check_golden(const char *name, const char *kind, const char *const *tensors);

#endif

/* model.h — networks: layers in a row and a loss at the end.
 *
 * A model member (mlp, softmax) names its layers; tally_net runs them forward and
 * backward and is the objective.  Matrices are row-major: a batch of activations is
 * batch × width, a dense weight is out × in. */

#ifndef TALLY_MODEL_H
#define TALLY_MODEL_H

#include "tally/objective.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally_layer tally_layer;

typedef struct tally_layer_ops {
    tally_about about;
    /* in is set; sets out and adds its tensors to the layout (named "<name>.weight").
     */
    tally_status (*shape)(tally_layer *l, tally_layout *layout);
    tally_status (*init)(const tally_layer *l, uint64_t seed,
                         tally_real *w); /* optional */
    /* x: batch × in.  y: batch × out, overwritten; may be x when the layer is
     * elementwise. w: the whole flat vector. */
    void (*forward)(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y);
    /* dy: batch × out.  dx: batch × in, overwritten; NULL when nobody needs it; may be
     * the same array as dy when in == out and the layer is elementwise.  g: the layer's
     * own tensors in the flat vector are overwritten; NULL when nobody needs them, of a
     * layer that is `parted`. */
    void (*backward)(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g);
    /* g and dx are of two products: backward may be asked for one at a time, so that g
     * can travel while dx is computed. */
    bool parted;
    double (*flops)(const tally_layer *l,
                    size_t batch); /* forward and backward; optional */
    /* Each value of y depends on the same value of x, and backward reads y, not x:
     * forward may write y over x. */
    bool in_place;
    /* Optional, of what is x where x > 0 and slope x elsewhere: that slope. */
    tally_real (*slope)(const tally_layer *l);
    /* forward also applies l->epilogue, if there is one, to y; backward reads no y. */
    bool takes_epilogue;
} tally_layer_ops;

struct tally_layer {
    const tally_layer_ops *ops;
    void *options; /* owned */
    char name[TALLY_NAME_MOST];
    size_t in, out;
    tally_span span;  /* of its tensors; count 0: it has none */
    size_t tensor[2]; /* indices into layout->tensors */
    const tally_layout *layout;
    const tally_layer *epilogue; /* the layer that follows, in_place; NULL: none */
};

typedef struct tally_loss tally_loss;

typedef struct tally_loss_ops {
    tally_about about;
    /* z: batch × classes, the network's output.  Adds the samples' losses to *score
     * and, unless dz is NULL, writes dz <- weight * d loss / d z.  dz may be z. */
    void (*score)(const tally_loss *l, const tally_real *z, const int32_t *label,
                  size_t batch, size_t classes, double weight, tally_real *dz,
                  tally_score *score);
} tally_loss_ops;

struct tally_loss {
    const tally_loss_ops *ops;
    void *options; /* owned */
};

typedef struct tally_net tally_net;

typedef struct tally_model_ops {
    tally_about about;
    /* Calls tally_net_add for each layer, first to last; the last has `classes`
     * outputs. */
    tally_status (*build)(const void *options, tally_net *net, size_t features,
                          size_t classes);
} tally_model_ops;

extern TALLY_API const tally_family tally_model_family, tally_layer_family,
    tally_loss_family;
TALLY_API tally_status tally_register_model(const tally_model_ops *ops);
TALLY_API tally_status tally_register_layer(const tally_layer_ops *ops);
TALLY_API tally_status tally_register_loss(const tally_loss_ops *ops);

/* Appends a layer by its spec: tally_net_add(net, "dense:out=512,init=he"). */
TALLY_API tally_status tally_net_add(tally_net *net, const char *spec);

/* The layers of a net that tally_net_open has opened, first to last; borrowed. */
TALLY_API const tally_layer *tally_net_layers(const tally_objective *f, size_t *count);

/* f <- the model `model` with loss `loss` on source s (borrowed until close), with room
 * for batches of `batch` rows; larger calls are cut into pieces.  Local. */
TALLY_API tally_status tally_net_open(tally_objective *f, const char *model,
                                      const char *loss, const tally_source *s,
                                      size_t batch);

#ifdef __cplusplus
}
#endif
#endif

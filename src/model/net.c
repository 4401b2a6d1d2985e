/* net.c — a network as an objective: layers forward, the loss, layers backward.
 *
 *     x[0] = samples,  x[i+1] = layer i (x[i]),  z = x[L],  loss(z, label)
 *     dz = weight dloss/dz,  dx = layer i backward (dy),  last layer first
 *
 * Rumelhart, Hinton and Williams, Learning representations by back-propagating errors,
 * 1986.  After each layer's backward its span of the gradient is final and is
 * announced, so that it can travel while the layers below still work.
 *
 * State: every activation of one batch, two widest rows of dx and dy, and room for the
 * largest layer's gradient; all allocated by open.  One thread at a time.  It knows
 * nothing of ranks. */

#include "model/layer/layer.h"
#include "model/loss/loss.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct tally_net {
    tally_layout *layout; /* the objective's */
    tally_layer *layers;  /* owned, as is all below */
    size_t count;
    size_t lowest; /* the first layer with tensors: nothing goes backward below it */
    size_t width;  /* of the last layer's output */
    size_t batch;  /* most rows at a time */
    tally_loss loss;
    tally_real **x;      /* count + 1 of them; x[i]: batch × in of layer i; what an
                          * epilogue reads and writes is one array */
    tally_real *pair[2]; /* dy and dx of a layer take turns: batch × widest */
    tally_real *room;    /* all of these, next to each other */
    tally_real *earlier; /* a layer's gradient from the pieces before this one */
    int32_t *label;
    uint64_t *held; /* the rows that x[0] and label hold, read ahead */
    size_t held_count;
    tally_split held_split;
};

/* Rows [first, first + count) of a call; last: no piece follows. */
typedef struct piece {
    size_t first, count;
    bool last;
} piece;

static tally_status init(tally_objective *f, uint64_t seed, tally_real *w)
{
    tally_net *net = f->inner;

    memset(w, 0, f->layout.length * sizeof *w);
    for (size_t i = 0; i < net->count; i++) {
        const tally_layer *layer = &net->layers[i];

        if (layer->ops->init) TALLY_TRY(layer->ops->init(layer, seed, w));
    }
    return TALLY_OK;
}

static piece next_piece(const tally_net *net, tally_samples s, size_t first)
{
    size_t left = s.count - first, n = left < net->batch ? left : net->batch;

    return (piece){first, n, n == left};
}

static bool holds(const tally_net *net, tally_samples s, piece p)
{
    return net->held_count == p.count && net->held_split == s.split &&
           memcmp(net->held, s.rows + p.first, p.count * sizeof *s.rows) == 0;
}

static tally_status fetch_piece(tally_objective *f, tally_samples s, piece p)
{
    tally_net *net = f->inner;
    bool held_out = s.split == TALLY_VALIDATE && f->source->validate_count == 0;
    tally_split split = held_out ? TALLY_TRAIN : s.split;
    bool held = holds(net, s, p);

    net->held_count = 0;
    if (held) return TALLY_OK;
    return f->source->ops->fetch(f->source, split, s.rows + p.first, p.count, net->x[0],
                                 net->label);
}

/* Its first piece. */
static tally_status fetch(tally_objective *f, tally_samples s)
{
    tally_net *net = f->inner;
    piece p = next_piece(net, s, 0);

    if (p.count == 0) return TALLY_OK;
    TALLY_TRY(fetch_piece(f, s, p));
    memcpy(net->held, s.rows, p.count * sizeof *s.rows);
    net->held_count = p.count;
    net->held_split = s.split;
    return TALLY_OK;
}

/* The outputs for rows [p.first, ...) of s, in the last of net->x. */
static tally_status forward(tally_objective *f, const tally_real *w, tally_samples s,
                            piece p)
{
    tally_net *net = f->inner;

    TALLY_TRY(fetch_piece(f, s, p));
    for (size_t i = 0; i < net->count; i++) {
        const tally_layer *layer = &net->layers[i];

        layer->ops->forward(layer, w, net->x[i], p.count, net->x[i + 1]);
        if (layer->epilogue) i++;
    }
    return TALLY_OK;
}

static void add(const tally_real *restrict v, size_t n, tally_real *restrict sum)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += v[i];
}

static tally_status announce(tally_listener l, tally_span s)
{
    if (l.ready && s.count > 0) TALLY_TRY(l.ready(l.context, s));
    return TALLY_OK;
}

/* From dz in pair[0].  A layer overwrites its span of g; pieces after the first add
 * what the span held before.  The span is announced before dx is computed, where the
 * layer can. */
static tally_status backward(tally_net *net, const tally_real *w, piece p,
                             tally_real *g, tally_listener l)
{
    tally_real *dy = net->pair[0], *dx = net->pair[1];

    for (size_t i = net->count; i-- > net->lowest;) {
        const tally_layer *layer = &net->layers[i];
        tally_span s = layer->span;
        bool below = i > net->lowest, parted = layer->ops->parted && below;
        tally_real *to = layer->ops->in_place ? dy : dx;

        if (p.first > 0) memcpy(net->earlier, g + s.first, s.count * sizeof *g);
        layer->ops->backward(layer, w, net->x[i], net->x[i + 1], dy, p.count,
                             below && !parted ? to : NULL, g);
        if (p.first > 0) add(net->earlier, s.count, g + s.first);
        if (p.last) TALLY_TRY(announce(l, s));
        if (parted)
            layer->ops->backward(layer, w, net->x[i], net->x[i + 1], dy, p.count, dx,
                                 NULL);
        dx = to == dx ? dy : dx;
        dy = to;
    }
    return TALLY_OK;
}

static tally_status gradient_of_nothing(tally_objective *f, tally_real *g,
                                        tally_listener l)
{
    tally_net *net = f->inner;

    memset(g, 0, f->layout.length * sizeof *g);
    for (size_t i = net->count; i-- > 0;)
        TALLY_TRY(announce(l, net->layers[i].span));
    return TALLY_OK;
}

static tally_status gradient(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score)
{
    tally_net *net = f->inner;

    if (s.count == 0) return gradient_of_nothing(f, g, l);
    for (piece p = {0}; p.first < s.count; p.first += p.count) {
        p = next_piece(net, s, p.first);
        TALLY_TRY(forward(f, w, s, p));
        net->loss.ops->score(&net->loss, net->x[net->count], net->label, p.count,
                             net->width, s.weight, net->pair[0], score);
        TALLY_TRY(backward(net, w, p, g, l));
    }
    return TALLY_OK;
}

static tally_status value(tally_objective *f, const tally_real *w, tally_samples s,
                          tally_score *score)
{
    tally_net *net = f->inner;

    for (piece p = {0}; p.first < s.count; p.first += p.count) {
        p = next_piece(net, s, p.first);
        TALLY_TRY(forward(f, w, s, p));
        net->loss.ops->score(&net->loss, net->x[net->count], net->label, p.count,
                             net->width, s.weight, NULL, score);
    }
    return TALLY_OK;
}

/* Weights are read twice and the gradient is written once; each layer reads x, writes
 * y, reads both again, reads dy and writes dx. */
static tally_cost cost(const tally_objective *f, tally_samples s)
{
    const tally_net *net = f->inner;
    double flops = 0, values = 3 * (double)f->layout.length;

    for (size_t i = 0; i < net->count; i++) {
        const tally_layer *layer = &net->layers[i];

        if (layer->ops->flops) flops += layer->ops->flops(layer, s.count);
        values += 3 * (double)s.count * ((double)layer->in + (double)layer->out);
    }
    return (tally_cost){flops, values * (double)sizeof(tally_real)};
}

static void close_net(tally_objective *f)
{
    tally_net *net = f->inner;

    if (!net) return;
    for (size_t i = 0; i < net->count; i++)
        tally_layer_close(&net->layers[i]);
    tally_loss_close(&net->loss);
    free(net->layers);
    free(net->x);
    free(net->room);
    free(net->earlier);
    free(net->label);
    free(net->held);
    free(net);
}

static const tally_objective_ops net_ops = {
    .name = "net",
    .init = init,
    .gradient = gradient,
    .fetch = fetch,
    .value = value,
    .cost = cost,
    .close = close_net,
};

tally_status tally_net_add(tally_net *net, const char *spec)
{
    tally_layer *grown = realloc(net->layers, (net->count + 1) * sizeof *net->layers);
    tally_layer *layer = grown ? &grown[net->count] : NULL;
    size_t number = 1, length = strcspn(spec, ":");

    if (!grown) return TALLY_FAIL(MEMORY, "no memory for layer %s", spec);
    net->layers = grown;
    for (size_t i = 0; i < net->count; i++) {
        const char *name = grown[i].ops->about.name;

        number += strlen(name) == length && strncmp(name, spec, length) == 0;
    }
    net->count++;
    TALLY_TRY(tally_layer_open(layer, spec, net->width, number, net->layout));
    net->width = layer->out;
    return TALLY_OK;
}

/* Every array starts at a multiple of 64 bytes.  What no machine has stays too much. */
static tally_real *cut(tally_real *room, size_t *used, size_t values)
{
    const size_t most = SIZE_MAX / 16;
    size_t first = *used;

    *used = values > most - 16 - first ? most - 16 : first + (values + 15) / 16 * 16;
    return room ? room + first : NULL;
}

/* Returns the values that activations and their gradients need, at net->room. */
static size_t place(tally_net *net)
{
    size_t used = 0, widest = 1, in = net->count > 0 ? net->layers[0].in : net->width;

    net->x[0] = cut(net->room, &used, net->batch * in);
    for (size_t i = 0; i < net->count; i++) {
        size_t width = net->layers[i].out;
        bool is_epilogue = i > 0 && net->layers[i - 1].epilogue;

        net->x[i + 1] =
            is_epilogue ? net->x[i] : cut(net->room, &used, net->batch * width);
        if (width > widest) widest = width;
    }
    net->pair[0] = cut(net->room, &used, net->batch * widest);
    net->pair[1] = cut(net->room, &used, net->batch * widest);
    return used;
}

static tally_status allocate(tally_net *net)
{
    size_t longest = 1;

    for (size_t i = 0; i < net->count; i++)
        if (net->layers[i].span.count > longest) longest = net->layers[i].span.count;
    /* Pages that calls of one piece never touch cost nothing. */
    net->earlier = calloc(longest, sizeof(tally_real));
    net->label = tally_allocate(net->batch, sizeof *net->label);
    net->held = tally_allocate(net->batch, sizeof *net->held);
    net->x = calloc(net->count + 1, sizeof *net->x);
    if (net->x) net->room = tally_allocate(place(net), sizeof(tally_real));
    if (!net->earlier || !net->label || !net->held || !net->room)
        return TALLY_FAIL(MEMORY, "no memory for activations of %zu rows", net->batch);
    place(net);
    return TALLY_OK;
}

/* Once the layers have their places for good. */
static void find_epilogues(tally_net *net)
{
    for (size_t i = 0; i + 1 < net->count; i++)
        if (net->layers[i].ops->takes_epilogue && net->layers[i + 1].ops->in_place)
            net->layers[i].epilogue = &net->layers[i + 1];
}

static tally_status build(tally_net *net, const char *model, size_t features,
                          size_t classes)
{
    const tally_about *about;
    void *options;

    net->width = features;
    TALLY_TRY(tally_family_open(&tally_model_family, model, &about, &options));
    tally_status status =
        ((const tally_model_ops *)about)->build(options, net, features, classes);
    tally_options_close(about, options);
    TALLY_TRY(status);
    if (net->width != classes)
        return TALLY_FAIL(MISMATCH, "model %s ends with %zu outputs, expected %zu",
                          model, net->width, classes);
    while (net->lowest < net->count && net->layers[net->lowest].span.count == 0)
        net->lowest++;
    find_epilogues(net);
    return TALLY_OK;
}

static tally_status open_net(tally_objective *f, const char *model, const char *loss,
                             size_t batch)
{
    tally_net *net = calloc(1, sizeof *net);

    if (!net) return TALLY_FAIL(MEMORY, "no memory for model %s", model);
    f->inner = net;
    if (batch < 1 || batch > INT_MAX)
        return TALLY_FAIL(OPTION, "batches of %zu rows are not in [1, %d]", batch,
                          INT_MAX);
    net->layout = &f->layout;
    net->batch = batch;
    TALLY_TRY(tally_loss_open(&net->loss, loss));
    TALLY_TRY(build(net, model, f->source->features, f->source->classes));
    TALLY_TRY(allocate(net));
    return TALLY_OK;
}

const tally_layer *tally_net_layers(const tally_objective *f, size_t *count)
{
    const tally_net *net = f->inner;

    *count = net->count;
    return net->layers;
}

tally_status tally_net_open(tally_objective *f, const char *model, const char *loss,
                            const tally_source *s, size_t batch)
{
    *f = (tally_objective){.ops = &net_ops, .source = s, .classifies = true};
    tally_status status = open_net(f, model, loss, batch);

    if (status != TALLY_OK) tally_objective_close(f);
    TALLY_TRY(status);
    return TALLY_OK;
}

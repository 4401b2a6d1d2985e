/* dense.c — every output sees every input.
 *
 *     y = x W^T + b        x: batch × in,  W: out × in,  y: batch × out
 *     dW = dy^T x,  db = column sums of dy,  dx = dy W
 *
 * He et al., Delving Deep into Rectifiers, 2015, arXiv:1502.01852 (init=he); Glorot and
 * Bengio, Understanding the difficulty of training deep feedforward neural networks,
 * 2010 (init=glorot).
 * d = out (in + 1); 2 batch in out operations for each of the three products. */

#include "model/layer/init.h"
#include "model/layer/layer.h"
#include "num/gemm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct dense {
    uint64_t out;
    int init;
} dense;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, dense, out, "1", "[1, 2147483647]", "width of the output"),
    TALLY_OPTION(CHOICE, dense, init, "he", TALLY_INIT_WORDS,
                 "how the first weights are drawn"),
    TALLY_END,
};

static tally_status shape(tally_layer *l, tally_layout *layout)
{
    const dense *o = l->options;
    char name[TALLY_NAME_MOST + 8];

    l->out = (size_t)o->out;
    l->tensor[0] = layout->count;
    snprintf(name, sizeof name, "%s.weight", l->name);
    TALLY_TRY(tally_layout_add(layout, name, TALLY_WEIGHT, 2,
                               (const size_t[]){l->out, l->in}));
    l->tensor[1] = layout->count;
    snprintf(name, sizeof name, "%s.bias", l->name);
    TALLY_TRY(tally_layout_add(layout, name, TALLY_BIAS, 1, &l->out));
    return TALLY_OK;
}

static tally_status init(const tally_layer *l, uint64_t seed, tally_real *w)
{
    const dense *o = l->options;
    size_t n = l->out * l->in;
    tally_real *weight = w + l->span.first, *bias = weight + n;
    double in = (double)l->in, out = (double)l->out;

    memset(bias, 0, l->out * sizeof *bias);
    switch ((tally_init)o->init) {
    case TALLY_INIT_HE:
        tally_init_normal(seed, l->tensor[0], sqrt(2 / in), n, weight);
        break;
    case TALLY_INIT_GLOROT:
        tally_init_uniform(seed, l->tensor[0], sqrt(6 / (in + out)), n, weight);
        break;
    case TALLY_INIT_UNIFORM:
        tally_init_uniform(seed, l->tensor[0], 1 / sqrt(in), n, weight);
        tally_init_uniform(seed, l->tensor[1], 1 / sqrt(in), l->out, bias);
        break;
    }
    return TALLY_OK;
}

static void add_row(const tally_real *restrict row, size_t n, tally_real *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] += row[i];
}

/* One pass over y: a row is in the first cache when the bias and what follows reach it.
 */
static void forward(const tally_layer *l, const tally_real *w, const tally_real *x,
                    size_t batch, tally_real *y)
{
    const tally_real *weight = w + l->span.first, *bias = weight + l->out * l->in;
    const tally_layer *next = l->epilogue;

    tally_gemm_nt((tally_product){batch, l->out, l->in}, x, weight, false, y);
    for (size_t i = 0; i < batch; i++) {
        tally_real *row = y + i * l->out;

        add_row(bias, l->out, row);
        if (next) next->ops->forward(next, w, row, 1, row);
    }
}

/* sums[j] <- sum over i of dy[i][j] */
static void sum_columns(const tally_real *dy, size_t rows, size_t columns,
                        tally_real *sums)
{
    memset(sums, 0, columns * sizeof *sums);
    for (size_t i = 0; i < rows; i++)
        add_row(dy + i * columns, columns, sums);
}

static void weigh(const tally_layer *l, const tally_real *x, const tally_real *dy,
                  size_t batch, tally_real *g)
{
    tally_real *weight = g + l->span.first, *bias = weight + l->out * l->in;

    tally_gemm_tn((tally_product){l->out, l->in, batch}, dy, x, false, weight);
    sum_columns(dy, batch, l->out, bias);
}

static void backward(const tally_layer *l, const tally_real *w, const tally_real *x,
                     const tally_real *y, const tally_real *dy, size_t batch,
                     tally_real *dx, tally_real *g)
{
    (void)y;
    if (g) weigh(l, x, dy, batch, g);
    if (dx)
        tally_gemm_nn((tally_product){batch, l->in, l->out}, dy, w + l->span.first,
                      false, dx);
}

/* The layer whose tensors come first in the vector has nobody below that needs dx. */
static double flops(const tally_layer *l, size_t batch)
{
    double products = l->span.first == 0 ? 2 : 3;

    return 2 * products * (double)batch * (double)l->in * (double)l->out;
}

const tally_layer_ops tally_layer_dense = {
    .about = {.name = "dense",
              .brief = "every output sees every input",
              .paper = "arXiv:1502.01852",
              .options = options,
              .options_size = sizeof(dense)},
    .shape = shape,
    .init = init,
    .forward = forward,
    .backward = backward,
    .parted = true,
    .flops = flops,
    .takes_epilogue = true,
};

/* products.c — the products of dense layers, forward and backward, at batch 128.
 *
 *     forward nt    y <- x W^T       batch × out, sums of in
 *     inputs nn     dx <- dy W       batch × in, sums of out
 *     weights tn    dW <- dy^T x     out × in, sums of batch
 *
 * of the nets 784-512-512-10 and 784-2048-2048-10.  2 operations a multiply-add. */

#include "cli/bench/kernel.h"

#include <stdio.h>

typedef struct task {
    tally_product product;
    void (*multiply)(tally_product p, const tally_real *a, const tally_real *b,
                     bool add, tally_real *c);
} task;

static tally_status multiply(kernel *k)
{
    const task *t = k->what;

    t->multiply(t->product, k->on->a, k->on->b, false, k->on->c);
    return TALLY_OK;
}

static kernel of_task(kernel_bench *b, const char *name, task *t)
{
    tally_product p = t->product;
    kernel k = {.run = multiply,
                .on = b,
                .group = "products",
                .flops = 2.0 * (double)p.rows * (double)p.columns * (double)p.inner,
                .what = t};

    snprintf(k.name, sizeof k.name, "%s", name);
    snprintf(k.shape, sizeof k.shape, "%zux%zux%zu", p.rows, p.columns, p.inner);
    return k;
}

/* The first layer has no use for the gradient of its inputs. */
static tally_status measure_layer(kernel_bench *b, size_t in, size_t out, bool first)
{
    task tasks[] = {
        {{KERNEL_BATCH, out, in}, tally_gemm_nt},
        {{KERNEL_BATCH, in, out}, tally_gemm_nn},
        {{out, in, KERNEL_BATCH}, tally_gemm_tn},
    };
    static const char *const names[] = {"forward nt", "inputs nn", "weights tn"};

    for (int i = 0; i < 3; i++) {
        kernel k = of_task(b, names[i], &tasks[i]);

        if (i != 1 || !first) TALLY_TRY(kernel_measure(&k));
    }
    return TALLY_OK;
}

tally_status kernel_products(kernel_bench *b)
{
    static const size_t widths[] = {512, KERNEL_WIDTH};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        TALLY_TRY(measure_layer(b, 784, widths[i], true));
        TALLY_TRY(measure_layer(b, widths[i], widths[i], false));
        TALLY_TRY(measure_layer(b, widths[i], 10, false));
    }
    return TALLY_OK;
}

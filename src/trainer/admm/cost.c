/* cost.c — which rank updates which layers.
 *
 * Contiguous blocks, so that only the cuts between blocks need messages; the heaviest
 * block is as light as can be.  Costs are counted, not timed: every rank finds the same
 * blocks, and so does the next run.  Layer 1 of a graph is n_0 / h times as heavy as
 * the others. */

#include "trainer/admm/admm.h"

#include <math.h>

/* What is beside the products, in operations of a product that takes as long: of each
 * value of n × out about 5 ns (measured at widths of 100, 300 and 1000), and of each
 * value of the last z the iterations of Newton. */
static const double elementwise = 1000, newton = 9000;

double admm_layer_flops(const admm_shape *s, size_t index, size_t n)
{
    double product = 2 * (double)n * (double)s->in * (double)s->out;
    double gram = 2 * (double)n * (double)n * (double)s->out;
    double rest = (elementwise + (s->last ? newton : 0)) * (double)n * (double)s->out;

    if (index > 1) return 4 * product + rest;
    return product + (gram < product ? gram : product) + rest;
}

static double block_cost(const double *cost, size_t first, size_t end)
{
    double sum = 0;

    for (size_t i = first; i < end; i++)
        sum += cost[i];
    return sum;
}

/* Whether `ranks` blocks of at most `most` hold all layers; fills from the front, but
 * leaves a layer for every rank to come. */
static bool deal(admm_shape *shapes, const double *cost, size_t count, int ranks,
                 double most)
{
    size_t at = 0;

    for (int r = 0; r < ranks; r++) {
        size_t first = at, left = (size_t)(ranks - r - 1);

        while (at < count - left &&
               (at == first || block_cost(cost, first, at + 1) <= most))
            shapes[at++].owner = r;
        if (block_cost(cost, first, at) > most) return false;
    }
    return at == count;
}

void admm_partition(admm_shape *shapes, size_t count, size_t n, int ranks)
{
    double cost[ADMM_LAYERS_MOST], best = (double)INFINITY;

    for (size_t i = 0; i < count; i++)
        cost[i] = admm_layer_flops(&shapes[i], i + 1, n);
    /* The heaviest block of the best division is one of these sums. */
    for (size_t first = 0; first < count; first++)
        for (size_t end = first + 1; end <= count; end++) {
            double most = block_cost(cost, first, end);

            if (most < best && deal(shapes, cost, count, ranks, most)) best = most;
        }
    deal(shapes, cost, count, ranks, best);
}

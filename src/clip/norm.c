/* norm.c — the whole gradient is shortened when its norm is too great.
 *
 *     v <- v min(1, max / (||v|| + 1e-6))
 *
 * Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks,
 * 2013, arXiv:1211.5063, Algorithm 1, with the 1e-6 of PyTorch.  Squares are summed in
 * double in eight fixed lanes: the same bits on every rank and instruction set.  A norm
 * that is not finite bounds nothing: v stays, and the caller sees the norm. */

#include "clip/clip.h"

#include <math.h>
#include <stddef.h>

typedef enum order { TWO, INFINITE } order;

typedef struct clip_norm {
    int scope; /* a tally_clip_scope; first, as tally_clip wants it */
    double max;
    int order;
} clip_norm;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, clip_norm, scope, "agreed", "agreed|local",
                 "bound what the ranks agreed on, or each rank's own gradient"),
    TALLY_OPTION(REAL, clip_norm, max, "1", "(0, inf)", "the greatest norm left alone"),
    TALLY_OPTION(CHOICE, clip_norm, order, "2", "2|inf",
                 "Euclidean, or the greatest absolute value"),
    TALLY_END};

static double euclidean(const tally_real *v, size_t length)
{
    double sum[8] = {0};
    size_t i = 0;

    for (; i + 8 <= length; i += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += (double)v[i + k] * (double)v[i + k];
    for (size_t k = 0; i + k < length; k++)
        sum[k] += (double)v[i + k] * (double)v[i + k];
    return sqrt(((sum[0] + sum[4]) + (sum[2] + sum[6])) +
                ((sum[1] + sum[5]) + (sum[3] + sum[7])));
}

static tally_status bound(const tally_clip *c, tally_real *v, size_t length,
                          double *norm)
{
    const clip_norm *o = c->options;

    *norm =
        o->order == INFINITE ? tally_clip_greatest(v, length) : euclidean(v, length);
    double factor = o->max / (*norm + 1e-6);
    if (!isfinite(*norm) || factor >= 1) return TALLY_OK;
    for (size_t i = 0; i < length; i++)
        v[i] *= (tally_real)factor;
    return TALLY_OK;
}

const tally_clip_ops tally_clip_norm = {
    .about = {.name = "norm",
              .brief = "shortens a gradient whose norm is too great",
              .paper = "arXiv:1211.5063",
              .options = options,
              .options_size = sizeof(clip_norm)},
    .bound = bound,
};

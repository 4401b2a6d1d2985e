/* init.h — initial weights, each a function of (seed, tensor, index) alone. */

#ifndef TALLY_MODEL_LAYER_INIT_H
#define TALLY_MODEL_LAYER_INIT_H

#include "tally/layout.h"

/* The choices of an option `init`; tally_init is the index of the word. */
#define TALLY_INIT_WORDS "he|glorot|uniform"

typedef enum tally_init {
    TALLY_INIT_HE,     /* N(0, 2 / in); biases 0 */
    TALLY_INIT_GLOROT, /* U(-a, a), a = sqrt(6 / (in + out)); biases 0 */
    TALLY_INIT_UNIFORM /* U(-a, a), a = 1 / sqrt(in); biases too, as PyTorch does */
} tally_init;

/* w[0..n) of tensor number `tensor`: normal with mean 0 and the given deviation, or
 * uniform in [-bound, bound). */
void tally_init_normal(uint64_t seed, size_t tensor, double deviation, size_t n,
                       tally_real *w);
void tally_init_uniform(uint64_t seed, size_t tensor, double bound, size_t n,
                        tally_real *w);

#endif

/* init.c — initial weights, each a function of (seed, tensor, index) alone.
 *
 * Pair k of normal deviates gives the values 2k and 2k + 1.  Computed in double in
 * either build. */

#include "model/layer/init.h"

#include "num/random.h"

void tally_init_normal(uint64_t seed, size_t tensor, double deviation, size_t n,
                       tally_real *w)
{
    for (size_t i = 0; i < n; i += 2) {
        double pair[2];

        tally_random_normal(seed, TALLY_FOR_WEIGHTS, tensor, i / 2, pair);
        w[i] = (tally_real)(deviation * pair[0]);
        if (i + 1 < n) w[i + 1] = (tally_real)(deviation * pair[1]);
    }
}

void tally_init_uniform(uint64_t seed, size_t tensor, double bound, size_t n,
                        tally_real *w)
{
    for (size_t i = 0; i < n; i++) {
        double u = tally_random_uniform(seed, TALLY_FOR_WEIGHTS, tensor, i);

        w[i] = (tally_real)(bound * (2 * u - 1));
    }
}

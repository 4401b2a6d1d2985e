/* init.c — initial weights, each a function of (seed, tensor, index) alone.
 *
 *     sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v),  u in (0, 1], v in [0, 1)
 *
 * Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.  One 64-bit
 * random number gives u and v, 32 bits each, and so the values 2k and 2k + 1; nothing
 * falls beyond sqrt(64 ln 2) = 6.7 deviations.  Computed in double in either build. */

#include "model/layer/init.h"

#include "num/random.h"

#include <math.h>

void tally_init_normal(uint64_t seed, size_t tensor, double deviation, size_t n,
                       tally_real *w)
{
    const double turn = 6.283185307179586;

    for (size_t i = 0; i < n; i += 2) {
        uint64_t random = tally_random(seed, TALLY_FOR_WEIGHTS, tensor, i / 2);
        double u = ((double)(random >> 32) + 1) * 0x1p-32;
        double v = (double)(random & 0xffffffff) * 0x1p-32;
        double radius = deviation * sqrt(-2 * log(u));

        w[i] = (tally_real)(radius * cos(turn * v));
        if (i + 1 < n) w[i + 1] = (tally_real)(radius * sin(turn * v));
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

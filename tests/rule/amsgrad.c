#include "rule/one_weight.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>

/* Reddi et al. 2018, section 3: on [-1, 1] the gradient is C once in three steps, else
 * -1, with C = 3 > 2, so -1 is best.  With beta1 = 0 and beta2 = 1 / (1 + C^2) Adam
 * forgets the large gradient at once and drifts to +1. */
static double end_of(const char *rule)
{
    char spec[64];
    one_weight x;
    double w = 0;

    snprintf(spec, sizeof spec, "%s:beta1=0,beta2=0.1", rule);
    one_weight_open(&x, spec, 0);
    for (int t = 1; t <= 3000; t++) {
        w = one_weight_step(&x, 0.5 / sqrt(t), t % 3 == 1 ? 3 : -1);
        w = fmax(-1, fmin(1, w));
        x.w[0] = (tally_real)w;
    }
    one_weight_close(&x);
    return w;
}

/* The last rate is 0.5 / sqrt(3000) < 0.01, and a step is at most 1.06 of it. */
Test(amsgrad, reaches_the_best_point_where_adam_goes_to_the_worst)
{
    cr_assert(epsilon_eq(dbl, end_of("adam"), 1, 0.02));
    cr_assert(epsilon_eq(dbl, end_of("amsgrad"), -1, 0.02));
}

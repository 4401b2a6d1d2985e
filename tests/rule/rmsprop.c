#include "rule/one_weight.h"
#include "support/expect.h"

#include <math.h>

/* A constant gradient has no variance: v - m^2 goes to zero, and rounding may take it
 * below.  The step is then g / epsilon at most, and finite. */
Test(rmsprop, a_variance_below_zero_counts_as_zero)
{
    one_weight x;

    one_weight_open(&x, "rmsprop:centred=true,rho=0.5,epsilon=0.5", 0);
    for (int t = 1; t <= 200; t++) {
        double before = (double)x.w[0], after = one_weight_step(&x, 1e-3, 0.1);

        cr_assert(isfinite(after));
        cr_assert(le(dbl, fabs(after - before), 1e-3 * 0.1 / 0.5 * 1.001 + 1e-8));
    }
    one_weight_close(&x);
}

/* From zero, v_1 = (1 - rho) g^2 makes the first step 1 / sqrt(1 - rho) rates long. */
Test(rmsprop, the_start_decides_the_first_step)
{
    const char *const specs[] = {"rmsprop:rho=0.75", "rmsprop:rho=0.75,start=square"};

    for (size_t k = 0; k < 2; k++) {
        one_weight x;

        one_weight_open(&x, specs[k], 0);
        cr_assert(
            epsilon_eq(dbl, one_weight_step(&x, 0.1, 5), k == 0 ? -0.2 : -0.1, 1e-6));
        one_weight_close(&x);
    }
}

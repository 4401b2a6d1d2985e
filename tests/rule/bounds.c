#include "rule/one_weight.h"
#include "support/expect.h"

#include <stdio.h>

/* With gamma so large that both bounds are closed from the start (to 1 part in 1e12),
 * the step is final rate m, whatever v: momentum of form ema. */
Test(bounds, closed_bounds_are_momentum_at_the_final_rate)
{
    const char *const names[] = {"adabound", "amsbound"};

    for (size_t k = 0; k < 2; k++) {
        char spec[64];
        one_weight bounded, plain;

        snprintf(spec, sizeof spec, "%s:gamma=1e12,final=50", names[k]);
        one_weight_open(&bounded, spec, 1);
        one_weight_open(&plain, "momentum:form=ema", 1);
        for (int t = 1; t <= 10; t++) {
            double rate = 0.001 / t, g = t % 4 - 1.5; /* the schedule acts */
            double w = one_weight_step(&bounded, rate, g);

            cr_assert(epsilon_eq(dbl, w, one_weight_step(&plain, 50 * rate, g), 1e-5));
        }
        one_weight_close(&bounded);
        one_weight_close(&plain);
    }
}

/* With gamma tiny nothing is bounded: Adam, whose epsilon is added after the correction
 * (the difference is far below the bar). */
Test(bounds, open_bounds_are_adam)
{
    one_weight bounded, plain;

    one_weight_open(&bounded, "adabound:gamma=1e-12", 1);
    one_weight_open(&plain, "adam", 1);
    for (int t = 1; t <= 10; t++) {
        double w = one_weight_step(&bounded, 0.01, t % 4 - 1.5);

        cr_assert(epsilon_eq(dbl, w, one_weight_step(&plain, 0.01, t % 4 - 1.5), 1e-5));
    }
    one_weight_close(&bounded);
    one_weight_close(&plain);
}

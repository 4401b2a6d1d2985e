#include "rule/one_weight.h"
#include "support/expect.h"

/* By hand, at rate 1: d = 1, 1.5, 2.25, then the sign turns: d = 1.125 and a rest; then
 * a step of 1.125 the other way, since the rest has no sign to compare with. */
Test(rprop, steps_grow_while_the_sign_stays_and_rest_when_it_turns)
{
    const double g[] = {4, 0.1, 7, -3, -3, -3};
    const double should[] = {-1, -2.5, -4.75, -4.75, -3.625, -1.9375};
    one_weight x;

    one_weight_open(&x, "rprop:grow=1.5,shrink=0.5", 0);
    for (size_t t = 0; t < 6; t++)
        cr_assert(epsilon_eq(dbl, one_weight_step(&x, 1, g[t]), should[t], 1e-6));
    one_weight_close(&x);
}

Test(rprop, steps_stay_within_their_bounds_in_units_of_the_rate)
{
    one_weight x;

    one_weight_open(&x, "rprop:grow=10,shrink=0.1,least=0.5,most=2", 0);
    cr_assert(epsilon_eq(dbl, one_weight_step(&x, 0.1, 1), -0.1, 1e-6));
    cr_assert(epsilon_eq(dbl, one_weight_step(&x, 0.1, 1), -0.3, 1e-6));
    cr_assert(epsilon_eq(dbl, one_weight_step(&x, 0.1, -1), -0.3, 1e-6));
    cr_assert(epsilon_eq(dbl, one_weight_step(&x, 0.1, -1), -0.25, 1e-6));
    one_weight_close(&x);
}

/* Products of tiny gradients underflow; their signs do not. */
Test(rprop, tiny_gradients_keep_their_signs)
{
    one_weight x;

    one_weight_open(&x, "rprop:grow=1.5", 0);
    one_weight_step(&x, 1, 1e-30);
    cr_assert(epsilon_eq(dbl, one_weight_step(&x, 1, 1e-30), -2.5, 1e-6));
    one_weight_close(&x);
}

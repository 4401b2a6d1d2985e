#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>

Test(two_bit, sends_a_step_for_what_reaches_it)
{
    const tally_real t = (tally_real)0.25;
    const tally_real v[] = {1, t, (tally_real)0.24, 0, -t, -3, (tally_real)NAN};
    const tally_real want[] = {t, t, 0, 0, -t, -t, 0};
    tally_real back[7];
    uint64_t message[PASS_MOST];

    cr_assert(eq(sz, pass("two_bit:threshold=0.25", 0, v, 7, message, back), 2));
    cr_assert(memcmp(back, want, sizeof want) == 0);
}

Test(two_bit, refuses_a_fourth_code)
{
    const uint64_t three = 3, beyond = 0x40;

    expect_fail(pass_back("two_bit", &three, 1, 1), FORMAT, "value 0 has code 3");
    expect_fail(pass_back("two_bit", &beyond, 1, 3), FORMAT, "beyond the 3 values");
}

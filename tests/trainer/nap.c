#include "support/errand.h"
#include "support/expect.h"

/* Nothing else takes time on these ranks: ten steps are ten naps. */
static void expect_seconds(const char *settings, const char *comm, double seconds)
{
    errand e = {.rows = 20, .settings = settings};

    expect_ok(errand_run(&e, comm));
    cr_assert(epsilon_eq(dbl, e.rank[0].result.seconds, seconds, 1e-9), "%s", settings);
    errand_close(&e);
}

Test(nap, simulated_ranks_are_charged)
{
    expect_seconds("trainer=lockstep:nap=0.25 batch=1 steps=10",
                   "sim:ranks=3,alpha=0,beta=0", 2.5);
    expect_seconds("trainer=server:nap=0.25 batch=1 steps=10",
                   "sim:ranks=3,alpha=0,beta=0", 2.5);
}

/* Ten naps, each ten times as long for one of them, whom all wait for. */
Test(nap, a_straggler_by_factor_takes_so_many_times_as_long)
{
    expect_seconds("trainer=lockstep:nap=0.25 batch=1 steps=10 "
                   "attack=straggler:ranks=1,factor=10",
                   "sim:ranks=3,alpha=0,beta=0", 25);
    expect_seconds("trainer=server:nap=0.25 batch=1 steps=10 consistency=bsp "
                   "attack=straggler:ranks=1,factor=4",
                   "sim:ranks=3,alpha=0,beta=0", 10);
    expect_seconds("trainer=lockstep:nap=0.25 batch=1 steps=10 "
                   "attack=straggler:ranks=1,factor=10,seconds=0.5",
                   "sim:ranks=3,alpha=0,beta=0", 30);
}

Test(nap, others_sleep)
{
    errand e = {.rows = 20, .settings = "trainer=lockstep:nap=0.01 batch=1 steps=5"};

    expect_ok(errand_run(&e, "self"));
    cr_assert(ge(dbl, e.rank[0].result.seconds, 0.05));
    errand_close(&e);
}

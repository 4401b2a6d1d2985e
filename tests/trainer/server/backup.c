/* backup.c — the first n gradients of a step, and what is late is dropped. */

#include "support/errand.h"
#include "support/expect.h"

static double one_is_slow(int rank, uint64_t call)
{
    (void)call;
    return rank == 3 ? 1e-2 : 1e-3;
}

Test(backup, the_slowest_holds_nobody_up)
{
    errand e = {.rows = 60,
                .settings =
                    "trainer=server consistency=backup:need=3 rule=sgd rate=0.1 "
                    "batch=1 epochs=4",
                .delay = one_is_slow};

    expect_ok(errand_run(&e, "sim:ranks=5,alpha=0,beta=0"));
    const errand_rank *r = &e.rank[0];
    cr_assert(eq(u64, r->tale.pushes, 3 * 60));
    cr_assert(ge(u64, r->tale.dropped, 5));
    cr_assert(eq(u64, r->tale.staleness_most, 0));
    cr_assert(le(dbl, r->result.seconds, 0.071)); /* 60 steps of 1 ms, and a late one */
    errand_close(&e);
}

/* Need all: nothing is dropped, and the weights are bsp's. */
Test(backup, needing_all_is_bsp)
{
    errand a = {.rows = 30,
                .settings =
                    "trainer=server consistency=backup:need=3 rule=sgd rate=0.1 "
                    "batch=2 steps=9",
                .delay = one_is_slow};
    errand b = {.rows = 30,
                .settings =
                    "trainer=server consistency=bsp rule=sgd rate=0.1 batch=2 steps=9"};

    expect_ok(errand_run(&a, "sim:ranks=4"));
    expect_ok(errand_run(&b, "sim:ranks=4"));
    cr_assert(eq(u64, a.rank[0].tale.dropped, 0));
    cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0);
    errand_close(&a);
    errand_close(&b);
}

/* ssp.c — nobody starts beyond the bound, and what is read is as fresh as it should. */

#include "num/random.h"
#include "support/errand.h"
#include "support/expect.h"

#include <stdio.h>

/* Mostly quick, now and then twenty times slower. */
static double random_delay(int rank, uint64_t call)
{
    double u = tally_random_uniform(5, TALLY_FOR_TESTS, (uint64_t)rank, call);

    return u < 0.1 ? 2e-2 * u : 1e-3 * u;
}

static void expect_bound(uint64_t bound, int workers)
{
    char settings[128], comm[64];
    errand e = {.rows = 60, .settings = settings, .delay = random_delay};

    snprintf(settings, sizeof settings,
             "trainer=server consistency=ssp:bound=%d rule=sgd rate=0.01 batch=1 "
             "steps=150",
             (int)bound);
    snprintf(comm, sizeof comm, "sim:ranks=%d", workers + 1);
    expect_ok(errand_run(&e, comm));
    const tally_tale *t = &e.rank[0].tale;
    cr_assert(eq(u64, t->pushes, 150 * (uint64_t)workers));
    cr_assert(eq(u64, t->lead_most, bound), "bound %d: a lead of %d", (int)bound,
              (int)t->lead_most);
    /* Since p read its weights, every other worker pushed at most from bound behind p's
     * clock to bound + 1 ahead of it. */
    cr_assert(le(u64, t->staleness_most, (uint64_t)(workers - 1) * (2 * bound + 1)));
    errand_close(&e);
}

Test(ssp, nobody_starts_beyond_the_bound)
{
    expect_bound(1, 2);
    expect_bound(1, 5);
    expect_bound(3, 5);
    expect_bound(2, 7);
}

static double one_is_slow(int rank, uint64_t call)
{
    (void)call;
    return rank == 3 ? 1e-2 : 1e-3;
}

/* All take the straggler's pace in the end: three others ten times as quick cannot be
 * more than two ahead. */
Test(ssp, the_bound_holds_the_quick_back)
{
    errand e = {.rows = 60,
                .settings = "trainer=server consistency=ssp:bound=2 rule=sgd rate=0.05 "
                            "batch=1 epochs=4",
                .delay = one_is_slow};

    expect_ok(errand_run(&e, "sim:ranks=5,alpha=0,beta=0"));
    for (int m = 0; m < 4; m++)
        cr_assert(le(u64, e.rank[0].worker[m].pushes, e.rank[0].worker[2].pushes + 3));
    errand_close(&e);
}

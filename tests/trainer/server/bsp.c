/* bsp.c — the weights of lockstep with exchange ordered, bit for bit. */

#include "support/errand.h"
#include "support/expect.h"

#include <stdio.h>

static double stagger(int rank, uint64_t call)
{
    return 1e-3 * (1 + rank % 3) + 1e-4 * (double)(call * 7 % 5);
}

static void expect_equal(const char *rest, const char *server, const char *comm,
                         int workers)
{
    char lockstep[256], mine[256], plain[32];
    errand a = {.rows = 40, .settings = lockstep}, b = {.rows = 40, .settings = mine};

    b.delay = stagger;
    snprintf(lockstep, sizeof lockstep, "exchange=ordered %s", rest);
    snprintf(mine, sizeof mine, "%s %s", server, rest);
    snprintf(plain, sizeof plain, "sim:ranks=%d", workers);
    expect_ok(errand_run(&a, plain));
    expect_ok(errand_run(&b, comm));
    cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0, "%s, %s", mine,
              comm);
    cr_assert(epsilon_eq(dbl, a.rank[0].result.train_loss, b.rank[0].result.train_loss,
                         1e-12));
    cr_assert(eq(u64, a.rank[0].result.samples, b.rank[0].result.samples));
    cr_assert(eq(u64, b.rank[0].tale.staleness_most, 0));
    errand_close(&a);
    errand_close(&b);
}

Test(bsp, weights_are_those_of_lockstep_with_ordered)
{
    static const char *const rests[] = {
        "rule=sgd rate=0.25 batch=3 epochs=3",
        "rule=adam rate=0.01 batch=4 epochs=3 bucket=1 schedule=cosine warmup=3",
        "rule=nesterov:form=lookahead rate=0.1 batch=2 steps=11",
        "rule=momentum rate=0.1 batch=3 steps=11 clip=norm:max=0.2,scope=local",
    };

    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        expect_equal(rests[i], "trainer=server consistency=bsp", "sim:ranks=4", 3);
        expect_equal(rests[i], "trainer=server consistency=ssp:bound=0", "sim:ranks=5",
                     4);
        expect_equal(rests[i], "trainer=server:servers=2 consistency=bsp",
                     "sim:ranks=5", 3);
        expect_equal(rests[i], "trainer=server:servers=all consistency=bsp",
                     "sim:ranks=4,rendezvous=true", 4);
    }
    expect_equal("rule=sgd rate=0.1 batch=3 steps=9 clip=norm:max=0.2",
                 "trainer=server consistency=bsp", "sim:ranks=4", 3);
}

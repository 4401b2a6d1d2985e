/* lost.c — workers that are silent for longer than --patience, on simulated ranks. */

#include "support/errand.h"
#include "support/expect.h"

#include <stdio.h>

/* Rank 3 needs longer for a gradient than the others for all of theirs. */
static double one_is_gone(int rank, uint64_t call)
{
    return rank == 3 && call > 1 ? 1000 : 0.5;
}

/* It is silent once, for longer than patience. */
static double one_dozes(int rank, uint64_t call)
{
    return rank == 3 && call == 1 ? 8 : 0.5;
}

/* The end reaches it too, with a push that nobody took in under way. */
static void expect_lost(const char *consistency, const char *comm)
{
    char settings[256];
    errand e = {.rows = 40, .settings = settings, .delay = one_is_gone};

    snprintf(settings, sizeof settings,
             "trainer=server consistency=%s rule=sgd rate=0.05 batch=2 epochs=4 "
             "patience=2",
             consistency);
    expect_ok(errand_run(&e, comm));
    const errand_rank *r = &e.rank[0];
    cr_assert(eq(u64, r->tale.lost, 1), "%s", settings);
    cr_assert(eq(int, r->worker[2].lost, 1));
    cr_assert(eq(u64, r->result.samples, 4 * 40), "%s", settings);
    cr_assert(le(dbl, r->result.seconds, 100));
    errand_close(&e);
}

Test(lost, the_others_do_its_rows)
{
    expect_lost("async", "sim:ranks=5");
    expect_lost("ssp:bound=2", "sim:ranks=5");
    expect_lost("bsp", "sim:ranks=5");
}

Test(lost, bsp_is_lockstep_all_the_same)
{
    errand a = {.rows = 40,
                .settings = "exchange=ordered rule=adam rate=0.01 batch=2 epochs=3"};
    errand b = {.rows = 40,
                .settings =
                    "trainer=server consistency=bsp rule=adam rate=0.01 batch=2 "
                    "epochs=3 patience=2",
                .delay = one_is_gone};

    expect_ok(errand_run(&a, "sim:ranks=4"));
    expect_ok(errand_run(&b, "sim:ranks=5"));
    cr_assert(eq(u64, b.rank[0].tale.lost, 1));
    cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0);
    errand_close(&a);
    errand_close(&b);
}

Test(lost, who_speaks_again_is_welcome)
{
    static const char *const consistencies[] = {"async", "ssp:bound=2", "bsp",
                                                "backup:need=3"};

    for (size_t k = 0; k < 4; k++) {
        char settings[256];
        errand e = {.rows = 40, .settings = settings, .delay = one_dozes};

        snprintf(settings, sizeof settings,
                 "trainer=server consistency=%s rule=sgd rate=0.05 batch=1 epochs=6 "
                 "patience=2",
                 consistencies[k]);
        expect_ok(errand_run(&e, "sim:ranks=5"));
        const tally_tale *t = &e.rank[0].tale;
        cr_assert(eq(u64, t->lost, 0), "%s", settings);
        cr_assert(eq(u64, t->returned, 1), "%s", settings);
        cr_assert(ge(u64, e.rank[0].worker[2].pushes, 3), "%s", settings);
        if (k < 3) cr_assert(eq(u64, e.rank[0].result.samples, 6 * 40), "%s", settings);
        errand_close(&e);
    }
}

/* Where servers gather gradients, or the rank was one. */
Test(lost, with_several_servers_some_runs_end)
{
    errand e = {.rows = 40,
                .settings = "trainer=server:servers=2 consistency=bsp batch=2 epochs=4 "
                            "patience=2",
                .delay = one_is_gone};

    expect_fail(errand_run(&e, "sim:ranks=5"), NETWORK,
                "worker rank 3 has been silent for 2 s; with 2 servers that gather");
    e.settings = "trainer=server:servers=all batch=2 epochs=4 patience=2";
    expect_fail(errand_run(&e, "sim:ranks=5"), NETWORK, "with 5 servers that work too");
    errand_close(&e);
}

/* Rank 4 of three servers and four workers. */
static double one_of_four_is_gone(int rank, uint64_t call)
{
    return rank == 4 && call > 1 ? 1000 : 0.5 + 0.01 * rank;
}

static double one_of_four_dozes(int rank, uint64_t call)
{
    return rank == 4 && call == 1 ? 8 : 0.5 + 0.01 * rank;
}

static void expect_others_go_on(const char *consistency, const char *more,
                                const char *comm, bool returns)
{
    char settings[256];
    errand start = {.rows = 40, .settings = "rule=sgd batch=2 steps=1 rate=0.05"};
    errand e = {.rows = 40,
                .settings = settings,
                .delay = returns ? one_of_four_dozes : one_of_four_is_gone};

    snprintf(settings, sizeof settings,
             "trainer=server:servers=3 consistency=%s rule=sgd rate=0.05 batch=1 "
             "epochs=4 patience=2 bucket=1 %s",
             consistency, more);
    expect_ok(errand_run(&start, "self"));
    expect_ok(errand_run(&e, comm));
    const errand_rank *r = &e.rank[0];
    cr_assert(eq(u64, r->tale.lost, returns ? 0 : 1), "%s", settings);
    cr_assert(eq(u64, r->tale.returned, returns ? 1 : 0), "%s", settings);
    cr_assert(eq(u64, r->result.samples, 4 * 40), "%s", settings);
    cr_assert(lt(dbl, r->result.test_loss, start.rank[0].result.test_loss));
    cr_assert(le(dbl, r->result.seconds, 100));
    errand_close(&start);
    errand_close(&e);
}

Test(lost, several_servers_agree_on_who_is_lost)
{
    static const char *const consistencies[] = {"async", "ssp:bound=2", "easgd:every=2",
                                                "downpour:push=2,pull=4"};
    static const char *const comms[] = {"sim:ranks=7", "sim:ranks=7,alpha=0.03"};

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 2; k++)
            for (int returns = 0; returns < 2; returns++)
                expect_others_go_on(consistencies[i], "", comms[k], returns);
    expect_others_go_on("async", "codec=sign", comms[0], false);
    expect_others_go_on("async", "codec=sign", comms[0], true);
}

static double all_are_gone(int rank, uint64_t call)
{
    (void)rank, (void)call;
    return 1000;
}

Test(lost, with_nobody_left_the_run_ends)
{
    errand e = {.rows = 40,
                .settings = "trainer=server batch=2 epochs=4 patience=2",
                .delay = all_are_gone};

    expect_fail(errand_run(&e, "sim:ranks=4"), NETWORK, "nobody is left to compute");
    errand_close(&e);
}

#include "support/errand.h"
#include "support/expect.h"

static void expect_refused(const char *settings, const char *comm, const char *words)
{
    errand e = {.rows = 20, .settings = settings};

    expect_fail(errand_run(&e, comm), OPTION, words);
    errand_close(&e);
}

Test(server, roles_that_cannot_be_are_refused)
{
    expect_refused("trainer=server", "self",
                   "servers=1 of 1 rank leaves none to work; start more ranks, or use "
                   "servers=all");
    expect_refused("trainer=server:servers=4", "sim:ranks=4", "servers=4 of 4 ranks");
    expect_refused("trainer=server:servers=0", "sim:ranks=4",
                   "servers=0 is neither a number of ranks nor all");
    expect_refused("trainer=server:servers=some", "sim:ranks=4",
                   "servers=some is neither");
    expect_refused("trainer=server consistency=spp", "sim:ranks=4",
                   "did you mean ssp?");
    expect_refused("trainer=server:servers=2 clip=norm:max=1", "sim:ranks=4",
                   "use servers=1 or scope=local");
    expect_refused("trainer=server rule=onebit_adam", "sim:ranks=4",
                   "use trainer lockstep");
    expect_refused("trainer=server:damp=inverse consistency=bsp", "sim:ranks=4",
                   "consistency bsp adds gradients of the present step");
}

Test(server, a_straggler_by_name_is_late_and_nothing_else)
{
    errand e = {.rows = 60,
                .settings =
                    "trainer=server:nap=0.001 rule=sgd rate=0.05 batch=1 epochs=4 "
                    "attack=straggler:ranks=3,seconds=0.009"};

    expect_ok(errand_run(&e, "sim:ranks=5,alpha=0,beta=0"));
    cr_assert(le(u64, e.rank[0].worker[2].pushes, 9));
    cr_assert(ge(u64, e.rank[0].worker[2].pushes, 7));
    cr_assert(le(dbl, e.rank[0].result.seconds, 0.091));
    errand_close(&e);
    e.settings = "trainer=server:nap=0.001 rule=sgd rate=0.05 batch=1 epochs=4 "
                 "attack=straggler:ranks=3,factor=10";
    expect_ok(errand_run(&e, "sim:ranks=5,alpha=0,beta=0"));
    cr_assert(le(u64, e.rank[0].worker[2].pushes, 9));
    cr_assert(ge(u64, e.rank[0].worker[2].pushes, 7));
    errand_close(&e);
    expect_refused("trainer=server attack=sign_flip:ranks=3", "sim:ranks=5",
                   "attack sign_flip is for trainer lockstep, not server");
}

/* One rank serves and works: then it is plain gradient descent. */
Test(server, one_rank_alone_can_do_both)
{
    errand a = {.rows = 20,
                .settings = "trainer=server:servers=all rule=adam rate=0.01 batch=5 "
                            "epochs=3"};
    errand b = {.rows = 20, .settings = "rule=adam rate=0.01 batch=5 epochs=3"};

    expect_ok(errand_run(&a, "self"));
    expect_ok(errand_run(&b, "self"));
    cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0);
    errand_close(&a);
    errand_close(&b);
}

/* Row by row: test, and what is held out once an epoch; none of it stops the workers,
 * and all of it is seen once. */
Test(server, evaluation_sees_every_row_once)
{
    static const char *const settings[] = {
        "trainer=server batch=2 epochs=2 validate=6 rate=0.05",
        "trainer=server:servers=2 batch=2 epochs=2 validate=6 rate=0.05",
        "trainer=server:servers=all batch=2 epochs=2 validate=6 rate=0.05"};

    for (size_t k = 0; k < 3; k++) {
        errand e = {.rows = 30, .settings = settings[k]};
        unsigned held_out = 0;

        expect_ok(errand_run(&e, "sim:ranks=5"));
        for (size_t i = 0; i < 30; i++) {
            cr_assert(eq(uint, e.scored[TALLY_TEST][i], 1), "%s", settings[k]);
            held_out += e.scored[TALLY_VALIDATE][i];
        }
        cr_assert(eq(uint, held_out, 2 * 6), "%s", settings[k]);
        errand_close(&e);
    }
}

Test(server, pushes_that_are_not_finite_are_refused_and_counted)
{
    errand e = {.rows = 20,
                .settings = "trainer=server batch=1 epochs=2 rate=0.05 rule=sgd",
                .bad_rank = 2,
                .bad_step = 3};

    expect_ok(errand_run(&e, "sim:ranks=5"));
    const errand_rank *r = &e.rank[0];
    cr_assert(ge(u64, r->tale.refused, 1));
    cr_assert(eq(u64, r->tale.refused, r->worker[1].refused));
    cr_assert(eq(u64, r->tale.pushes + r->tale.refused, 40));
    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        cr_assert(r->w[i] - r->w[i] == 0);
    errand_close(&e);
}

/* A rate that blows up makes all gradients useless: the run ends and says so. */
Test(server, when_nothing_useful_comes_the_run_ends)
{
    errand e = {.rows = 20,
                .settings = "trainer=server batch=1 epochs=2000 rate=1e30 rule=sgd"};

    expect_fail(errand_run(&e, "sim:ranks=3"), DIVERGED,
                "pushes in a row were refused");
    errand_close(&e);
}

/* hogwild.c — shared weights without a server, on simulated ranks and on one. */

#include "support/errand.h"
#include "support/expect.h"

#include <math.h>
#include <string.h>

enum { D = ERRAND_LENGTH };

/* Alone it is plain gradient descent; w + (u - w) is u to a rounding. */
Test(hogwild, of_one_rank_is_descent)
{
    errand a = {.rows = 20,
                .settings = "trainer=server consistency=hogwild rule=adam rate=0.01 "
                            "batch=5 epochs=3"};
    errand b = {.rows = 20, .settings = "rule=adam rate=0.01 batch=5 epochs=3"};
    double allowed = 12 * 4 * (sizeof(tally_real) == 4 ? 6e-8 : 1.2e-16);

    expect_ok(errand_run(&a, "self"));
    expect_ok(errand_run(&b, "self"));
    for (size_t k = 0; k < D; k++)
        cr_assert(
            epsilon_eq(dbl, (double)a.rank[0].w[k], (double)b.rank[0].w[k], allowed));
    cr_assert(epsilon_eq(dbl, a.rank[0].result.train_loss, b.rank[0].result.train_loss,
                         1e-6));
    cr_assert(eq(u64, a.rank[0].tale.staleness_most, 0));
    errand_close(&a);
    errand_close(&b);
}

enum { RANKS = 4, BATCH = 2, STEPS = 6, GRADIENTS = RANKS * STEPS };

static double same_speed(int rank, uint64_t call)
{
    (void)rank, (void)call;
    return 1e-3;
}

/* Ranks of one speed come by in turn: gradient i is of ticket i, and was taken at the
 * weights after gradient i - RANKS. */
Test(hogwild, gradients_are_added_to_what_the_weights_are_by_then)
{
    static double w[GRADIENTS + 1][D];
    double g[D], allowed = GRADIENTS * 16 * (sizeof(tally_real) == 4 ? 6e-8 : 1.2e-16);
    tally_real at[D];
    uint64_t rows[BATCH];
    tally_source source = {.train_count = 24};
    tally_sampler p;
    errand e = {.rows = 24,
                .settings = "trainer=server consistency=hogwild rule=sgd rate=0.25 "
                            "batch=2 steps=6",
                .delay = same_speed};

    expect_ok(errand_run(&e, "sim:ranks=4,node=0"));
    for (size_t k = 0; k < D; k++)
        w[0][k] = (double)e.rank[1].call[0].at[k];
    expect_ok(tally_sampler_open(&p, &source, 1, 0, BATCH, RANKS));
    for (size_t i = 0; i < GRADIENTS; i++) {
        size_t from = i < RANKS ? 0 : i - RANKS + 1;
        size_t n = tally_sampler_train(&p, i / RANKS, (int)(i % RANKS), rows);

        for (size_t k = 0; k < D; k++)
            at[k] = (tally_real)w[from][k];
        errand_gradient(at, rows, n, 1.0 / (double)n, g);
        for (size_t k = 0; k < D; k++)
            w[i + 1][k] = w[i][k] - 0.25 * g[k];
    }
    for (size_t k = 0; k < D; k++)
        cr_assert(epsilon_eq(dbl, (double)e.rank[0].w[k], w[GRADIENTS][k], allowed));
    cr_assert(eq(u64, e.rank[0].tale.pushes, GRADIENTS));
    cr_assert(eq(u64, e.rank[0].tale.staleness_most, RANKS - 1));
    cr_assert(eq(u64, e.rank[0].tale.staleness[RANKS - 1], GRADIENTS - RANKS + 1));
    errand_close(&e);
}

static double one_is_gone(int rank, uint64_t call)
{
    return rank == 3 && call > 1 ? 1000 : 0.5;
}

Test(hogwild, a_rank_that_is_gone_ends_the_run)
{
    errand e = {.rows = 40,
                .settings = "trainer=server consistency=hogwild batch=2 epochs=4 "
                            "patience=2",
                .delay = one_is_gone};

    expect_fail(errand_run(&e, "sim:ranks=4,node=0"), NETWORK,
                "1 of 4 ranks have added no gradient for 8 s");
    errand_close(&e);
}

Test(hogwild, a_gradient_that_is_not_finite_moves_nothing)
{
    errand e = {.rows = 20,
                .settings = "trainer=server consistency=hogwild batch=1 epochs=2 "
                            "rate=0.05 rule=sgd",
                .delay = same_speed,
                .bad_rank = 2,
                .bad_step = 3};

    expect_ok(errand_run(&e, "sim:ranks=4,node=0"));
    cr_assert(eq(u64, e.rank[0].tale.refused, 1));
    cr_assert(eq(u64, e.rank[0].tale.pushes, 39));
    for (size_t k = 0; k < D; k++)
        cr_assert(isfinite((double)e.rank[0].w[k]));
    errand_close(&e);
}

/* The weights overflow in the first steps. */
Test(hogwild, gradients_that_stay_not_finite_end_the_run)
{
    errand e = {.rows = 60,
                .settings = "trainer=server consistency=hogwild batch=1 epochs=4 "
                            "rate=1e300 rule=sgd",
                .delay = same_speed};

    expect_fail(errand_run(&e, "sim:ranks=4,node=0"), DIVERGED,
                "32 gradients in a row were not finite; try a lower --rate");
    errand_close(&e);
}

static void expect_refused(const char *settings, const char *words)
{
    errand e = {.rows = 20, .settings = settings};

    expect_fail(errand_run(&e, "sim:ranks=4,node=0"), OPTION, words);
    errand_close(&e);
}

Test(hogwild, what_only_servers_do_is_refused)
{
    expect_refused("trainer=server:servers=2 consistency=hogwild", "has no servers");
    expect_refused("trainer=server:damp=inverse consistency=hogwild", "no server that");
    expect_refused("trainer=server consistency=hogwild codec=bf16", "sends nothing");
    errand e = {.rows = 20, .settings = "trainer=server consistency=hogwild"};
    expect_fail(errand_run(&e, "sim:ranks=4,node=2"), OPTION,
                "for the ranks of one node, not of 2");
    errand_close(&e);
}

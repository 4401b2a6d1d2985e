/* easgd.c — elastic averaging and Downpour against the dullest code. */

#include "num/random.h"
#include "support/errand.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { M = 4, BATCH = 2, STEPS = 12, TURN = 3, TURNS = M * STEPS / TURN };

enum { D = ERRAND_LENGTH };

/* Workers of one speed come by in turn: turn i is worker i % M's, of TURN tickets. */
static double same_speed(int rank, uint64_t call)
{
    (void)rank, (void)call;
    return 1e-3;
}

static double first_weight(size_t k)
{
    return (double)(tally_real)(0.2 * tally_random_uniform(1, TALLY_FOR_TESTS, 0, k) -
                                0.1);
}

/* g <- the mean gradient of the rows of a ticket at x. */
static void gradient_of(const errand *e, size_t ticket, const double *x, double *g)
{
    tally_source source = {.train_count = e->rows};
    tally_sampler s;
    uint64_t rows[BATCH];
    tally_real at[D];

    expect_ok(tally_sampler_open(&s, &source, 1, 0, BATCH, M));
    size_t n = tally_sampler_train(&s, ticket / M, (int)(ticket % M), rows);
    for (size_t k = 0; k < D; k++)
        at[k] = (tally_real)x[k];
    errand_gradient(at, rows, n, 1.0 / (double)n, g);
}

/* A value is rounded a few times per gradient, and each rounding is carried along. */
static void expect_weights(errand *e, const char *settings, const double *w)
{
    double allowed = M * STEPS * 16 * (sizeof(tally_real) == 4 ? 6e-8 : 1.2e-16);

    *e = (errand){.rows = 24, .settings = settings, .delay = same_speed};
    expect_ok(errand_run(e, "sim:ranks=5"));
    for (size_t k = 0; k < D; k++)
        cr_assert(epsilon_eq(dbl, (double)e->rank[0].w[k], w[k], allowed),
                  "%s: weight %zu", settings, k);
    cr_assert(eq(u64, e->rank[0].tale.pushes, TURNS));
    errand_close(e);
}

/* Algorithms 1 and 2 of Zhang et al.: delta 0 is the first. */
static void average_dully(const errand *e, double rate, double delta, double alpha,
                          double *c)
{
    static double x[M][D], v[M][D];
    double g[D], at[D];

    memset(v, 0, sizeof v);
    for (size_t k = 0; k < D; k++) {
        c[k] = first_weight(k);
        for (size_t m = 0; m < M; m++)
            x[m][k] = c[k];
    }
    for (size_t i = 0; i < TURNS; i++) {
        double *mine = x[i % M], *speed = v[i % M];

        for (size_t j = 0; j < TURN; j++) {
            for (size_t k = 0; k < D; k++)
                at[k] = mine[k] + delta * speed[k];
            gradient_of(e, i * TURN + j, at, g);
            for (size_t k = 0; k < D; k++) {
                speed[k] = delta * speed[k] - rate * g[k];
                mine[k] += speed[k];
            }
        }
        for (size_t k = 0; k < D; k++) {
            double apart = alpha * (mine[k] - c[k]);

            mine[k] -= apart;
            c[k] += apart;
        }
    }
}

Test(easgd, is_algorithm_1)
{
    errand e = {.rows = 24};
    double c[D];

    average_dully(&e, 0.25, 0, 0.8 / M, c);
    expect_weights(&e,
                   "trainer=server consistency=easgd:every=3,moving=0.8 rule=sgd "
                   "rate=0.25 batch=2 steps=12",
                   c);
}

Test(eamsgd, is_algorithm_2)
{
    errand e = {.rows = 24};
    double c[D];

    average_dully(&e, 0.1, 0.7, 0.9 / M, c);
    expect_weights(&e,
                   "trainer=server consistency=eamsgd:every=3,momentum=0.7 rule=sgd "
                   "rate=0.1 batch=2 steps=12",
                   c);
}

/* Algorithm 7.1 of Dean et al. with n_push = TURN and n_fetch = 2 TURN; the server
 * moves by a, or by Adagrad. */
static void pour_dully(const errand *e, double rate, bool adagrad, double *w)
{
    static double x[M][D], square[D];
    double g[D], a[D];

    memset(square, 0, sizeof square);
    for (size_t k = 0; k < D; k++) {
        w[k] = first_weight(k);
        for (size_t m = 0; m < M; m++)
            x[m][k] = w[k];
    }
    for (size_t i = 0; i < TURNS; i++) {
        double *mine = x[i % M];

        memset(a, 0, sizeof a);
        for (size_t j = 0; j < TURN; j++) {
            gradient_of(e, i * TURN + j, mine, g);
            for (size_t k = 0; k < D; k++) {
                a[k] += g[k];
                mine[k] -= rate * g[k];
            }
        }
        for (size_t k = 0; k < D; k++) {
            square[k] += a[k] * a[k];
            w[k] -= rate * (adagrad ? a[k] / (sqrt(square[k]) + 1e-10) : a[k]);
            if (i / M % 2 == 1) mine[k] = w[k];
        }
    }
}

Test(downpour, is_algorithm_7_1)
{
    errand e = {.rows = 24};
    double w[D];

    pour_dully(&e, 0.1, false, w);
    expect_weights(&e,
                   "trainer=server consistency=downpour:push=3,pull=6 rule=sgd "
                   "rate=0.1 batch=2 steps=12",
                   w);
    pour_dully(&e, 0.01, true, w);
    expect_weights(&e,
                   "trainer=server consistency=downpour:push=3,pull=6 rule=adagrad "
                   "rate=0.01 batch=2 steps=12",
                   w);
}

Test(downpour, of_one_gradient_is_async)
{
    errand a = {.rows = 24,
                .settings = "trainer=server consistency=downpour:push=1,pull=1 "
                            "rule=momentum rate=0.1 batch=2 steps=12",
                .delay = same_speed};
    errand b = {.rows = 24,
                .settings = "trainer=server rule=momentum rate=0.1 batch=2 steps=12",
                .delay = same_speed};

    expect_ok(errand_run(&a, "sim:ranks=5"));
    expect_ok(errand_run(&b, "sim:ranks=5"));
    cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0);
    errand_close(&a);
    errand_close(&b);
}

static void expect_refused(const char *settings, const char *words)
{
    errand e = {.rows = 20, .settings = settings};

    expect_fail(errand_run(&e, "sim:ranks=4"), OPTION, words);
    errand_close(&e);
}

Test(local, what_does_not_go_together_is_refused)
{
    expect_refused("trainer=server consistency=downpour:push=3,pull=4",
                   "pull=4 is not a multiple of push=3");
    expect_refused("trainer=server:damp=inverse consistency=easgd",
                   "leave out damp and compensate");
    expect_refused("trainer=server consistency=easgd codec=sign", "is for gradients");
}

/* A worker that is lost in the middle of a turn costs that turn; the others do it. */
static double one_is_gone(int rank, uint64_t call)
{
    return rank == 3 && call > 4 ? 1000 : 0.5;
}

Test(local, a_lost_turn_is_done_by_others)
{
    static const char *const all[] = {"downpour:push=2,pull=4", "easgd:every=3",
                                      "eamsgd:every=3"};

    for (size_t i = 0; i < 3; i++) {
        char settings[160];
        errand e = {.rows = 40, .settings = settings, .delay = one_is_gone};

        snprintf(settings, sizeof settings,
                 "trainer=server consistency=%s rule=sgd rate=0.05 batch=2 epochs=4 "
                 "patience=2",
                 all[i]);
        expect_ok(errand_run(&e, "sim:ranks=5"));
        cr_assert(eq(u64, e.rank[0].tale.lost, 1), "%s", settings);
        cr_assert(eq(u64, e.rank[0].result.samples, 4 * 40), "%s", settings);
        errand_close(&e);
    }
}

/* async.c — against the dullest code that applies gradients in a known order. */

#include "support/errand.h"
#include "support/expect.h"

#include <math.h>

static double same_speed(int rank, uint64_t call)
{
    (void)rank, (void)call;
    return 1e-3;
}

enum { WORKERS = 4, BATCH = 2, STEPS = 6, PUSHES = WORKERS * STEPS };

/* What becomes of a gradient of staleness tau taken at `from` when the weights are `w`;
 * returns what the rate is multiplied by. */
typedef double (*change)(size_t tau, double *g, const double *w, const double *from);

/* Workers of one speed come by in turn: push i is of ticket i, and was taken at the
 * weights after push i - WORKERS. */
static void walk_dully(const errand *e, double rate, double (*w)[ERRAND_LENGTH],
                       change change_gradient)
{
    tally_source source = {.train_count = e->rows};
    tally_sampler p;
    uint64_t rows[BATCH];
    double g[ERRAND_LENGTH];
    tally_real at[ERRAND_LENGTH];

    expect_ok(tally_sampler_open(&p, &source, 1, 0, BATCH, WORKERS));
    for (size_t i = 0; i < PUSHES; i++) {
        size_t from = i < WORKERS ? 0 : i - WORKERS + 1;
        size_t n = tally_sampler_train(&p, i / WORKERS, (int)(i % WORKERS), rows);

        for (size_t k = 0; k < ERRAND_LENGTH; k++)
            at[k] = (tally_real)w[from][k];
        errand_gradient(at, rows, n, 1.0 / (double)n, g);
        double scale = change_gradient(i - from, g, w[i], w[from]);
        for (size_t k = 0; k < ERRAND_LENGTH; k++)
            w[i + 1][k] = w[i][k] - rate * scale * g[k];
    }
}

static double as_it_is(size_t tau, double *g, const double *w, const double *from)
{
    (void)tau, (void)g, (void)w, (void)from;
    return 1;
}

static double inverse(size_t tau, double *g, const double *w, const double *from)
{
    (void)g, (void)w, (void)from;
    return tau > 1 ? 1.0 / (double)tau : 1;
}

static double polynomial(size_t tau, double *g, const double *w, const double *from)
{
    (void)g, (void)w, (void)from;
    return pow((double)tau + 1, -0.75);
}

static double hinge(size_t tau, double *g, const double *w, const double *from)
{
    (void)g, (void)w, (void)from;
    return tau <= 1 ? 1 : 1 / (2 * ((double)tau - 1) + 1);
}

static double constant(size_t tau, double *g, const double *w, const double *from)
{
    (void)tau;
    for (size_t k = 0; k < ERRAND_LENGTH; k++)
        g[k] += 5 * g[k] * g[k] * (w[k] - from[k]);
    return 1;
}

static double adaptive(size_t tau, double *g, const double *w, const double *from)
{
    static double ms[ERRAND_LENGTH];

    (void)tau;
    for (size_t k = 0; k < ERRAND_LENGTH; k++) {
        double square = g[k] * g[k];

        ms[k] = 0.9 * ms[k] + 0.1 * square;
        g[k] += 2 / sqrt(ms[k] + 1e-7) * square * (w[k] - from[k]);
    }
    return 1;
}

/* A value is rounded a few times per update, and each rounding is carried along. */
static void expect_walk(errand *e, const char *settings, change change_gradient)
{
    static double w[PUSHES + 1][ERRAND_LENGTH];
    double allowed = PUSHES * 16 * (sizeof(tally_real) == 4 ? 6e-8 : 1.2e-16);

    *e = (errand){.rows = 24, .settings = settings, .delay = same_speed};
    expect_ok(errand_run(e, "sim:ranks=5"));
    for (size_t k = 0; k < ERRAND_LENGTH; k++)
        w[0][k] = (double)e->rank[1].call[0].at[k];
    walk_dully(e, 0.25, w, change_gradient);
    for (size_t k = 0; k < ERRAND_LENGTH; k++)
        cr_assert(epsilon_eq(dbl, (double)e->rank[0].w[k], w[PUSHES][k], allowed),
                  "%s: weight %zu", settings, k);
}

#define REST " rule=sgd rate=0.25 batch=2 steps=6"

Test(staleness, damps_the_rate)
{
    errand e;

    expect_walk(&e, "trainer=server:damp=inverse" REST, inverse);
    errand_close(&e);
    expect_walk(&e, "trainer=server:damp=polynomial,power=0.75" REST, polynomial);
    errand_close(&e);
    expect_walk(&e, "trainer=server:damp=hinge,power=2,after=1" REST, hinge);
    errand_close(&e);
}

Test(compensate, brings_gradients_forward)
{
    errand e;

    expect_walk(&e, "trainer=server:compensate=constant,lambda=5" REST, constant);
    errand_close(&e);
    expect_walk(&e, "trainer=server:compensate=adaptive,lambda=2,keep=0.9" REST,
                adaptive);
    errand_close(&e);
}

Test(async, gradients_are_applied_in_the_order_of_arrival)
{
    errand e;

    expect_walk(&e, "trainer=server" REST, as_it_is);
    const tally_tale *t = &e.rank[0].tale;
    cr_assert(eq(u64, t->staleness[0], 1));
    cr_assert(eq(u64, t->staleness[1], 1));
    cr_assert(eq(u64, t->staleness[2], 1));
    cr_assert(eq(u64, t->staleness[3], PUSHES - 3));
    cr_assert(eq(u64, t->staleness_most, 3));
    errand_close(&e);
}

static double one_is_slow(int rank, uint64_t call)
{
    (void)call;
    return rank == 3 ? 1e-2 : 1e-3;
}

/* In the time of one gradient of the straggler the three others do ten each. */
Test(async, a_straggler_slows_only_itself)
{
    errand e = {.rows = 60,
                .settings = "trainer=server rule=sgd rate=0.05 batch=1 epochs=4",
                .delay = one_is_slow};

    expect_ok(errand_run(&e, "sim:ranks=5,alpha=0,beta=0"));
    const errand_rank *r = &e.rank[0];
    cr_assert(eq(u64, r->tale.pushes, 240));
    cr_assert(le(u64, r->worker[2].pushes, 9));
    cr_assert(ge(u64, r->worker[2].pushes, 7));
    cr_assert(le(dbl, r->result.seconds, 0.091));
    cr_assert(ge(u64, r->tale.staleness_most, 25));
    errand_close(&e);
}

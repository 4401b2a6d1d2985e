/* lockstep.c — the loop against the dullest code that follows what the ranks recorded.
 */

#include "exchange/exchange.h"
#include "run/example.h"
#include "support/arrays.h"
#include "support/errand.h"
#include "support/expect.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const double rate = 0.25;

#define RATE " rate=0.25 "

/* ---- one step ---- */

typedef struct bound {
    double max; /* 0: no bound */
    bool local;
} bound;

static void shorten(double *g, double max)
{
    double squares = 0;

    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        squares += g[i] * g[i];
    double factor = fmin(1, max / (sqrt(squares) + 1e-6));
    for (size_t i = 0; max > 0 && i < ERRAND_LENGTH; i++)
        g[i] *= factor;
}

/* What the ranks of step t should agree on: the sum of their shares of the mean. */
static void agree_dully(const errand *e, int size, uint64_t t, bound b, double *agreed)
{
    double share[ERRAND_LENGTH];
    size_t count = 0;

    memset(agreed, 0, ERRAND_LENGTH * sizeof *agreed);
    for (int r = 0; r < size; r++)
        count += e->rank[r].call[t].count;
    for (int r = 0; r < size; r++) {
        const errand_call *c = &e->rank[r].call[t];

        errand_gradient(c->at, c->rows, c->count, 1.0 / (double)count, share);
        if (b.local) shorten(share, b.max);
        for (size_t i = 0; i < ERRAND_LENGTH; i++)
            agreed[i] += share[i];
    }
    if (!b.local) shorten(agreed, b.max);
}

/* Entries of x are below 1/16 and weights of a step's samples add up to 1: the sizes of
 * the shares of a coordinate add up to at most G = largest residual / 16.  Rounding the
 * shares costs half an epsilon of G, each of n - 1 additions another, the product with
 * the rate two; w itself, below 2, one of 2.  A bound of the norm adds its own relative
 * error, at most sqrt(d) n/2 epsilon G / max of G.  Twice that is allowed. */
static double tolerance(const errand *e, int size, bound b)
{
    double g = e->largest / 16, n = size;
    double bounding = b.max > 0 ? 2 + n * sqrt(ERRAND_LENGTH) * g / b.max : 0;

    return REAL_EPSILON * (rate * g * (n + 2 + bounding) + 2);
}

static void expect_step(const errand *e, int size, uint64_t t, uint64_t steps, bound b)
{
    const tally_real *before = e->rank[0].call[t].at;
    const tally_real *after = errand_after(e, 0, t, steps);
    double agreed[ERRAND_LENGTH], allowed = tolerance(e, size, b);

    agree_dully(e, size, t, b, agreed);
    for (size_t i = 0; i < ERRAND_LENGTH; i++) {
        double want = (double)before[i] - rate * agreed[i];

        cr_assert(fabs((double)after[i] - want) <= allowed,
                  "%d ranks, step %d: w[%zu] is %.9g, expected %.9g within %.2g", size,
                  (int)t + 1, i, (double)after[i], want, allowed);
    }
    for (int r = 1; r < size; r++)
        cr_assert(memcmp(after, errand_after(e, r, t, steps),
                         ERRAND_LENGTH * sizeof *after) == 0,
                  "ranks 0 and %d differ after step %d", r, (int)t + 1);
}

static void expect_steps_of(errand *e, int size, uint64_t steps, bound b)
{
    char comm[32];

    snprintf(comm, sizeof comm, "sim:ranks=%d", size);
    expect_ok(errand_run(e, comm));
    for (int r = 0; r < size; r++)
        cr_assert(eq(u64, e->rank[r].result.steps, steps));
    for (uint64_t t = 0; t < steps; t++)
        expect_step(e, size, t, steps, b);
}

/* Rows that the global batch does not divide, and ranks without a sample. */
Test(lockstep, a_step_is_against_the_mean_gradient_however_samples_are_dealt)
{
    static const struct {
        int size;
        size_t rows;
        const char *settings;
        uint64_t steps; /* of an epoch */
    } runs[] = {
        {1, 10, "rule=sgd epochs=1 batch=4" RATE,                  3},
        {3, 10, "rule=sgd epochs=1 batch=2" RATE,                  2},
        {3, 10, "rule=sgd epochs=1 batch=3 bucket=1" RATE,         2},
        {4, 64, "rule=sgd epochs=1 batch=5 exchange=ordered" RATE, 4},
        {5, 7,  "rule=sgd epochs=1 batch=1 bucket=1" RATE,         2},
        {8, 5,  "rule=sgd epochs=1 batch=1" RATE,                  1},
        {8, 3,  "rule=sgd epochs=1 batch=4 exchange=ordered" RATE, 1},
    };

    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
        errand e = {.settings = runs[k].settings, .rows = runs[k].rows};

        expect_steps_of(&e, runs[k].size, runs[k].steps, (bound){0});
        for (size_t r = 0; r < runs[k].rows; r++)
            cr_assert(eq(uint, e.trained[r], 1), "run %zu, row %zu", k, r);
        errand_close(&e);
    }
}

/* Steps of least squares with rate * |x|^2 < 1 bring two runs closer, so after T steps
 * they are apart by at most T times what a step rounds, in the 2-norm. */
Test(lockstep, ranks_do_not_matter_when_the_global_batch_is_the_same)
{
    enum { STEPS = 24 };

    errand one = {.rows = 64,
                  .settings = "rule=sgd exchange=ordered batch=8 steps=24" RATE};
    errand four = {.rows = 64,
                   .settings = "rule=sgd exchange=ordered batch=2 steps=24" RATE};
    double moved = 0;

    expect_ok(errand_run(&one, "self"));
    expect_ok(errand_run(&four, "sim:ranks=4"));
    double allowed = STEPS * sqrt(ERRAND_LENGTH) *
                     (tolerance(&one, 1, (bound){0}) + tolerance(&four, 4, (bound){0}));

    for (size_t i = 0; i < ERRAND_LENGTH; i++) {
        double a = (double)one.rank[0].w[i], b = (double)four.rank[0].w[i];

        moved = fmax(moved, fabs(a - (double)one.rank[0].call[0].at[i]));
        cr_assert(fabs(a - b) <= allowed, "w[%zu]: %.9g on one rank, %.9g on four", i,
                  a, b);
    }
    cr_assert(lt(dbl, 100 * allowed, moved));
    cr_assert(eq(u64, one.rank[0].result.samples, four.rank[0].result.samples));
    errand_close(&one);
    errand_close(&four);
}

/* ---- clipping ---- */

static double step_length(const errand *e, uint64_t t, uint64_t steps)
{
    const tally_real *before = e->rank[0].call[t].at;
    const tally_real *after = errand_after(e, 0, t, steps);
    double squares = 0;

    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        squares += pow((double)after[i] - (double)before[i], 2);
    return sqrt(squares);
}

Test(lockstep, agreed_clipping_bounds_the_step)
{
    static const char *const settings[] = {
        "rule=sgd steps=5 batch=3 clip=norm:max=0.25" RATE,
        "rule=sgd steps=5 batch=3 clip=norm:max=0.25 bucket=1" RATE};

    for (size_t k = 0; k < 2; k++) {
        errand e = {.rows = 20, .settings = settings[k]};
        bound b = {.max = 0.25};

        expect_steps_of(&e, 3, 5, b);
        double allowed = sqrt(ERRAND_LENGTH) * tolerance(&e, 3, b);
        for (uint64_t t = 0; t < 5; t++)
            cr_assert(le(dbl, step_length(&e, t, 5), rate * b.max + allowed));
        /* 1e-6: what the rule adds to the norm. */
        cr_assert(lt(dbl, rate * (b.max - 1e-6) - allowed, step_length(&e, 0, 5)));
        errand_close(&e);
    }
}

/* Each rank's share is bounded, so the step may be longer than the bound, and turns. */
Test(lockstep, local_clipping_bounds_each_share)
{
    errand e = {.rows = 20,
                .settings = "rule=sgd steps=5 batch=3 bucket=1 "
                            "clip=norm:max=0.25,scope=local" RATE};
    bound local = {.max = 0.25, .local = true}, agreed = {.max = 0.25};
    double a[ERRAND_LENGTH], b[ERRAND_LENGTH], apart = 0;

    expect_steps_of(&e, 3, 5, local);
    agree_dully(&e, 3, 0, local, a);
    agree_dully(&e, 3, 0, agreed, b);
    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        apart = fmax(apart, rate * fabs(a[i] - b[i]));
    cr_assert(lt(dbl, 10 * tolerance(&e, 3, local), apart));
    errand_close(&e);
}

/* ---- a rule's own place ---- */

/* A step's rounding enters m, and from there each later w and place: after T steps at
 * most T (T + 1) of them. */
Test(lockstep, the_gradient_is_taken_where_the_rule_looks)
{
    enum { STEPS = 5 };

    errand e = {.rows = 30,
                .settings = "rule=nesterov:form=lookahead,beta=0.5 steps=5 batch=4 "
                            "bucket=1" RATE};
    double w[ERRAND_LENGTH], m[ERRAND_LENGTH] = {0}, g[ERRAND_LENGTH];

    expect_ok(errand_run(&e, "sim:ranks=2"));
    double allowed = STEPS * (STEPS + 1) * tolerance(&e, 2, (bound){0});
    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        w[i] = (double)e.rank[0].call[0].at[i];
    for (uint64_t t = 0; t < STEPS; t++) {
        const tally_real *at = e.rank[0].call[t].at;

        agree_dully(&e, 2, t, (bound){0}, g);
        for (size_t i = 0; i < ERRAND_LENGTH; i++) {
            cr_assert(fabs((double)at[i] - (w[i] + 0.5 * m[i])) <= allowed,
                      "step %d looks at %.9g, expected %.9g", (int)t + 1, (double)at[i],
                      w[i] + 0.5 * m[i]);
            m[i] = 0.5 * m[i] - rate * g[i];
            w[i] += m[i];
        }
    }
    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        cr_assert(fabs((double)e.rank[1].w[i] - w[i]) <= allowed);
    errand_close(&e);
}

/* ---- what needs the whole vector ---- */

static tally_status apply_whole(tally_rule *r, const tally_step *t, tally_span s,
                                tally_real *w, tally_view agreed)
{
    if (s.first != 0 || s.count != r->layout->length)
        return TALLY_FAIL(MISMATCH, "span [%zu, %zu) is not all", s.first,
                          s.first + s.count);
    for (size_t i = 0; i < s.count; i++)
        w[i] -= (tally_real)t->rate * agreed.values[i];
    return TALLY_OK;
}

static const tally_rule_ops whole_rule = {
    .about = {.name = "entire", .brief = "sgd on one span", .paper = ""},
    .whole = true,
    .apply = apply_whole,
};

static void expect_spans(const char *settings, bool one)
{
    errand e = {.rows = 10, .settings = settings};

    expect_steps_of(&e, 3, 2, (bound){0});
    bool is_one = e.rank[0].spans == 1;
    cr_assert(is_one == one, "%s: %zu spans", settings, e.rank[0].spans);
    errand_close(&e);
}

Test(lockstep, a_whole_rule_or_exchange_gets_one_span)
{
    static tally_exchange_ops whole_sum;

    whole_sum = tally_exchange_ordered;
    whole_sum.about.name = "entire";
    whole_sum.whole = true;
    expect_ok(tally_register_rule(&whole_rule));
    expect_ok(tally_register_exchange(&whole_sum));
    expect_spans("bucket=1 batch=2 epochs=1 rule=sgd" RATE, false);
    expect_spans("bucket=1 batch=2 epochs=1 rule=entire" RATE, true);
    expect_spans("bucket=1 batch=2 epochs=1 rule=sgd exchange=entire" RATE, true);
}

/* ---- the end before the end ---- */

static void expect_divergence(const char *settings, const char *words)
{
    errand e = {.rows = 20, .settings = settings, .bad_rank = 2, .bad_step = 3};

    expect_fail(errand_run(&e, "sim:ranks=4"), DIVERGED, words);
    for (int r = 0; r < 4; r++) {
        cr_assert(eq(int, (int)e.rank[r].status, (int)TALLY_DIVERGED));
        cr_assert(eq(str, e.rank[r].sentence, e.rank[0].sentence));
        cr_assert(memcmp(e.rank[r].w, e.rank[r].call[2].at, sizeof e.rank[r].w) == 0,
                  "%s: the step that failed moved the weights of rank %d", settings, r);
    }
    errand_close(&e);
}

Test(lockstep, a_rank_without_a_finite_loss_stops_all_before_weights_move)
{
    static const char words[] = "rank 2: the loss of step 3 is nan (first tensor not "
                                "finite: b of the gradient)";

    expect_divergence("rule=sgd batch=2 bucket=1" RATE, words);
    expect_divergence("rule=sgd batch=2 exchange=ordered" RATE, words);
    expect_divergence("rule=sgd batch=2 exchange=allreduce:algorithm=halving" RATE,
                      words);
    expect_divergence("rule=signum batch=2 bucket=1 exchange=vote" RATE, words);
    expect_divergence("rule=sgd batch=2 clip=norm" RATE, words);
    expect_divergence("rule=sgd batch=2 clip=norm:scope=local" RATE, words);
}

static void raise_in_step_seven(void *context, const tally_run *r, uint64_t step,
                                double loss, double now)
{
    (void)context, (void)r, (void)loss, (void)now;
    if (step == 7) raise(SIGTERM);
}

/* In a process of its own: the request to stop is one of the process.  Its exit code is
 * the status. */
static int run_and_stop(const char *settings)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        errand e = {.rows = 20,
                    .settings = settings,
                    .observer = {.stepped = raise_in_step_seven}};

        tally_stop_on_signals();
        tally_status end = errand_run(&e, "self");
        if (!strstr(tally_error_sentence(), "after step 8 of 30")) end = TALLY_OK;
        _exit((int)end);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The signal comes between steps 7 and 8; 8 is finished, and is the checkpoint. */
Test(lockstep, a_signal_ends_the_step_and_the_rest_follows_later)
{
    static const char settings[] = "rule=momentum batch=6 steps=30" RATE;
    const char *out = example_directory();
    char with_folder[256];
    errand through = {.rows = 20, .settings = settings};
    errand resumed = {.rows = 20, .settings = settings, .resume = out};

    snprintf(with_folder, sizeof with_folder, "%s out=%s", settings, out);
    cr_assert(eq(int, run_and_stop(with_folder), (int)TALLY_STOPPED));
    expect_steps(out, 2, (uint64_t[]){8, 4});
    expect_ok(errand_run(&through, "self"));
    expect_ok(errand_run(&resumed, "self"));
    cr_assert(eq(u64, resumed.rank[0].result.steps, 30));
    cr_assert(eq(sz, resumed.rank[0].call[7].count, 0)); /* step 8 was taken before */
    cr_assert(lt(sz, 0, resumed.rank[0].call[8].count));
    cr_assert(memcmp(through.rank[0].w, resumed.rank[0].w, sizeof through.rank[0].w) ==
              0);
    errand_close(&through);
    errand_close(&resumed);
    example_remove(out);
}

/* What a run builds of its options, on simulated ranks. */

#include "tally/run.h"

#include "support/expect.h"

typedef struct wish {
    const char *set[6][2]; /* name and value; ends with NULL */
    tally_objective *objective;
    tally_status (*look)(tally_run *run);
} wish;

static tally_status body(tally_comm *comm, void *context)
{
    const wish *x = context;
    tally_run run = {.objective = x->objective};
    tally_status status = TALLY_OK;

    for (size_t i = 0; !status && i < 6 && x->set[i][0]; i++)
        status = tally_run_set(&run, x->set[i][0], x->set[i][1]);
    if (!status) status = tally_run_open(&run, comm);
    if (!status) status = x->look(&run);
    tally_run_close(&run);
    return status;
}

static tally_status is_scaled(tally_run *run)
{
    cr_assert(epsilon_eq(dbl, run->schedule.rate, 0.1 * 4 * 16 / 32, 1e-15));
    cr_assert(eq(dbl, tally_schedule_rate(&run->schedule, 0), 0.1));
    cr_assert(epsilon_eq(dbl, tally_schedule_rate(&run->schedule, 10), 0.2, 1e-15));
    return TALLY_OK;
}

Test(build, the_rate_grows_with_the_batch_of_all_ranks)
{
    wish x = {
        .set = {{"rate-scaling", "linear"},
                {"rate-reference", "32"},
                {"batch", "16"},
                {"warmup", "10"},
                {"rate", "0.1"}},
        .look = is_scaled
    };

    expect_ok(tally_launch("sim:ranks=4", body, &x));
}

static tally_status is_plain(tally_run *run)
{
    cr_assert(eq(dbl, run->schedule.rate, 0.1));
    cr_assert(epsilon_eq(dbl, tally_schedule_rate(&run->schedule, 0), 0.01, 1e-15));
    return TALLY_OK;
}

Test(build, the_rate_is_the_rate_unless_it_is_scaled)
{
    wish x = {
        .set = {{"batch", "16"}, {"warmup", "10"}, {"rate", "0.1"}},
          .look = is_plain
    };

    expect_ok(tally_launch("sim:ranks=4", body, &x));
}

/* The weights after some steps, by one spec or the other, in double. */
typedef struct trained {
    const char *rule, *penalty;
    double w[4096], loss;
} trained;

static tally_status train(tally_comm *comm, void *context)
{
    trained *x = context;
    tally_run run = {0};
    const char *const set[][2] = {
        {"rule",    x->rule       },
        {"penalty", x->penalty    },
        {"model",   "mlp:hidden=8"},
        {"steps",   "20"          },
        {"batch",   "7"           }
    };
    tally_status status = TALLY_OK;

    for (size_t i = 0; !status && i < sizeof set / sizeof set[0]; i++)
        status = tally_run_set(&run, set[i][0], set[i][1]);
    if (!status) status = tally_run_open(&run, comm);
    if (!status) status = tally_run_train(&run);
    if (!status && comm->rank == 0) {
        for (size_t i = 0; i < 4096 && i < run.f->layout.length; i++)
            x->w[i] = (double)run.w[i];
        x->loss = run.result.train_loss;
    }
    tally_run_close(&run);
    return status;
}

/* One adds strength w / 3 on each of three ranks and sums, the other strength w: they
 * differ by a few roundings a step of weights below 2, for 20 steps of rate 0.1. */
Test(build, an_l2_penalty_moves_weights_as_the_l2_of_a_rule)
{
    static trained by_rule = {"sgd:l2=0.125", "none", {0}, 0};
    static trained by_penalty = {"sgd", "l2:strength=0.125", {0}, 0};
    bool moved = false;

    expect_ok(tally_launch("sim:ranks=3", train, &by_rule));
    expect_ok(tally_launch("sim:ranks=3", train, &by_penalty));
    for (size_t i = 0; i < 4096; i++) {
        cr_assert(epsilon_eq(dbl, by_rule.w[i], by_penalty.w[i], 20 * 16 * 0x1p-23));
        moved |= by_rule.w[i] < 0 || by_rule.w[i] > 0;
    }
    cr_assert(moved);
    cr_assert(lt(dbl, by_rule.loss, by_penalty.loss)); /* the penalty is in it */
}

/* w^2 / 2, without data. */
static tally_status gradient(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score)
{
    (void)f;
    g[0] = (tally_real)s.weight * w[0];
    score->loss_sum += (double)w[0] * (double)w[0] / 2;
    score->count++;
    return l.ready ? l.ready(l.context, (tally_span){0, 1}) : TALLY_OK;
}

Test(build, a_rate_cannot_be_scaled_without_data)
{
    static const tally_objective_ops bowl = {.name = "bowl", .gradient = gradient};
    tally_objective f = {.ops = &bowl};
    wish x = {
        .set = {{"rate-scaling", "sqrt"}, {"steps", "1"}},
          .objective = &f
    };

    expect_ok(tally_layout_add(&f.layout, "x", TALLY_WEIGHT, 1, (size_t[]){1}));
    expect_fail(tally_launch("self", body, &x), OPTION, "rate-scaling needs data");
    tally_objective_close(&f);
}

static tally_status falls_further(tally_run *run)
{
    run->w[0] = 1;
    TALLY_TRY(tally_run_train(run));
    cr_assert(epsilon_eq(dbl, (double)run->w[0], 1 - 0.1 * (1 + 0.5), 1e-6));
    return TALLY_OK;
}

Test(build, an_objective_without_data_has_a_penalty_too)
{
    static const tally_objective_ops bowl = {.name = "bowl", .gradient = gradient};
    tally_objective f = {.ops = &bowl};
    wish x = {
        .set = {{"penalty", "l1:strength=0.5"}, {"steps", "1"}, {"rule", "sgd"}},
        .objective = &f,
        .look = falls_further
    };

    expect_ok(tally_layout_add(&f.layout, "x", TALLY_WEIGHT, 1, (size_t[]){1}));
    expect_ok(tally_launch("self", body, &x));
    tally_objective_close(&f);
}

/* The rate that a run makes of its options, on simulated ranks. */

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

Test(scaling, the_rate_grows_with_the_batch_of_all_ranks)
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

Test(scaling, the_rate_is_the_rate_unless_it_is_scaled)
{
    wish x = {
        .set = {{"batch", "16"}, {"warmup", "10"}, {"rate", "0.1"}},
          .look = is_plain
    };

    expect_ok(tally_launch("sim:ranks=4", body, &x));
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

Test(scaling, a_rate_cannot_be_scaled_without_data)
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

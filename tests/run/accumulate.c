#include "tally/tally.h"

#include "support/arrays.h"
#include "support/expect.h"

#include <stdlib.h>

/* A run of one step and what became of it; w is owned. */
typedef struct step {
    const char *batch, *accumulate;
    tally_real *w;
    size_t length;
    uint64_t samples, steps_per_epoch;
} step;

static tally_status take(tally_comm *comm, void *context)
{
    step *s = context;
    tally_run run = {0};

    TALLY_TRY(tally_run_set(&run, "data", "digits:scale=unit"));
    TALLY_TRY(tally_run_set(&run, "model", "softmax"));
    TALLY_TRY(tally_run_set(&run, "rule", "sgd"));
    TALLY_TRY(tally_run_set(&run, "rate", "1"));
    TALLY_TRY(tally_run_set(&run, "exchange", "ordered"));
    TALLY_TRY(tally_run_set(&run, "threads", "1"));
    TALLY_TRY(tally_run_set(&run, "steps", "1"));
    TALLY_TRY(tally_run_set(&run, "batch", s->batch));
    TALLY_TRY(tally_run_set(&run, "accumulate", s->accumulate));
    TALLY_TRY(tally_run_open(&run, comm));
    TALLY_TRY(tally_run_train(&run));
    if (comm->rank == 0) {
        s->length = run.f->layout.length;
        s->w = tally_allocate(s->length, sizeof *s->w);
        memcpy(s->w, run.w, s->length * sizeof *s->w);
        s->samples = run.result.samples;
        s->steps_per_epoch = run.steps_per_epoch;
    }
    tally_run_close(&run);
    return TALLY_OK;
}

/* Pixels and the slopes of softmax are at most 1, so each entry of the gradient is a
 * mean of n terms of at most 1: two orders of summing differ by n epsilons.  An
 * output sums 65 terms, and a product of another size may sum them in another order:
 * 2 * 65 more. */
static void expect_same(const char *comm, const char *batch, const char *accumulate,
                        const char *samples)
{
    step whole = {.batch = samples, .accumulate = "1"};
    step parts = {.batch = batch, .accumulate = accumulate};

    expect_ok(tally_launch("self", take, &whole));
    expect_ok(tally_launch(comm, take, &parts));
    double *want = malloc(whole.length * sizeof *want);
    for (size_t i = 0; i < whole.length; i++)
        want[i] = (double)whole.w[i];
    uint64_t n = strtoull(samples, NULL, 10);
    expect_near(comm, parts.w, want, whole.length, (double)(n + 130) * REAL_EPSILON);
    cr_assert(eq(u64, parts.samples, n));
    cr_assert(eq(u64, parts.steps_per_epoch, whole.steps_per_epoch));
    free(want);
    free(whole.w);
    free(parts.w);
}

Test(accumulate, batches_summed_before_the_exchange_are_one_large_batch)
{
    expect_same("self", "8", "4", "32");
    expect_same("self", "1", "32", "32");
}

Test(accumulate, the_global_batch_is_accumulate_times_batch_times_ranks)
{
    expect_same("sim:ranks=2", "4", "4", "32");
    expect_same("sim:ranks=4", "2", "4", "32");
}

/* 1437 rows are two steps of 1000, the second smaller. */
Test(accumulate, an_epoch_has_fewer_steps)
{
    step large = {.batch = "100", .accumulate = "10"};

    expect_ok(tally_launch("self", take, &large));
    cr_assert(eq(u64, large.samples, 1000));
    cr_assert(eq(u64, large.steps_per_epoch, 2));
    free(large.w);
}

Test(accumulate, none_stands_for_all_rows)
{
    expect_same("self", "64", "0", "1437");
    expect_same("sim:ranks=3", "64", "0", "1437");
}

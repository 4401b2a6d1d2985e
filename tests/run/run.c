/* run.c — runs of a user's own objective: what they agree on, score and count. */

#include "tally/tally.h"

#include "run/observe.h"
#include "support/arrays.h"
#include "support/errand.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- steps and epochs ---- */

static void expect_count(const char *settings, size_t rows, uint64_t steps,
                         uint64_t an_epoch, uint64_t samples)
{
    errand e = {.settings = settings, .rows = rows};

    expect_ok(errand_run(&e, "sim:ranks=3"));
    for (int r = 0; r < 3; r++) {
        cr_assert(eq(u64, e.rank[r].result.steps, steps), "%s", settings);
        cr_assert(eq(u64, e.rank[r].result.samples, samples), "%s", settings);
        cr_assert(eq(u64, e.rank[r].steps_per_epoch, an_epoch), "%s", settings);
    }
    errand_close(&e);
}

Test(run, epochs_are_passes_over_the_rows_and_steps_overrule_them)
{
    expect_count("batch=2 epochs=3", 10, 6, 2, 30);
    expect_count("batch=2 epochs=1", 12, 2, 2, 12);
    expect_count("batch=9 epochs=2", 10, 2, 1, 20);
    expect_count("batch=2 epochs=3 steps=5", 10, 5, 2, 26);
    expect_count("batch=2 epochs=3 validate=4", 10, 3, 1, 18);
}

Test(run, an_objective_without_data_needs_steps)
{
    errand e = {.settings = "epochs=3"};

    expect_fail(errand_run(&e, "sim:ranks=3"), OPTION,
                "an objective without data needs steps, such as steps=100");
    errand_close(&e);
    expect_count("steps=4", 0, 4, 4, 12);
}

Test(run, epochs_of_more_steps_than_can_be_counted_are_refused)
{
    errand e = {.settings = "batch=1 epochs=1000000000", .rows = SIZE_MAX / 4};

    expect_fail(
        errand_run(&e, "sim:ranks=3"), OPTION,
        "epochs=1000000000 of 1537228672809129301 steps each are more than 2^63");
    errand_close(&e);
}

/* ---- agreement ---- */

Test(run, ranks_with_other_options_are_refused_and_named)
{
    errand e = {.settings = "batch=2 steps=3",
                .rows = 10,
                .other_settings = "seed=7",
                .other_rank = 1};

    expect_fail(errand_run(&e, "sim:ranks=3"), MISMATCH,
                "rank 1 has seed=7, rank 0 has seed=1; start all ranks alike");
    for (int r = 0; r < 3; r++) {
        cr_assert(eq(int, (int)e.rank[r].status, (int)TALLY_MISMATCH));
        cr_assert(eq(str, e.rank[r].sentence, e.rank[0].sentence));
        cr_assert(strncmp(e.rank[r].sentence, "rank 1 has ", 11) == 0, "\"%s\"",
                  e.rank[r].sentence);
        cr_assert(eq(sz, e.rank[r].call[0].count, 0));
    }
    errand_close(&e);
}

Test(run, an_option_that_is_wrong_on_one_rank_stops_all)
{
    errand e = {.settings = "batch=2 steps=3",
                .rows = 10,
                .other_settings = "validate=10",
                .other_rank = 2};

    expect_fail(errand_run(&e, "sim:ranks=3"), OPTION,
                "rank 2: validate=10 leaves none of the 10 training rows");
    for (int r = 0; r < 3; r++)
        cr_assert(eq(int, (int)e.rank[r].status, (int)TALLY_OPTION));
    errand_close(&e);
}

static tally_status train_from_elsewhere(errand *e, tally_run *run)
{
    (void)e;
    if (run->comm->rank == 2) run->w[5] += 1;
    return tally_run_train(run);
}

Test(run, replicas_that_drifted_apart_are_told_at_the_checkpoint)
{
    errand e = {.settings = "batch=2 steps=4 checkpoint-every=3 rule=sgd",
                .rows = 20,
                .use = train_from_elsewhere};

    expect_fail(errand_run(&e, "sim:ranks=4"), MISMATCH,
                "after step 3 rank 2 holds other weights than rank 0");
    for (int r = 0; r < 4; r++) {
        cr_assert(eq(str, e.rank[r].sentence, e.rank[0].sentence));
        cr_assert(strncmp(e.rank[r].sentence, "after step", 10) == 0, "\"%s\"",
                  e.rank[r].sentence);
    }
    errand_close(&e);
}

/* Something overwrites a weight of rank 2 just before the weights are compared. */
static tally_status corrupt_then_observe(tally_run *run, const tally_score *score,
                                         double rate, bool stop)
{
    if (run->step == 4 && run->comm->rank == 2) run->w[250] += 1;
    if (run->step == 4 && run->comm->rank == 2) run->w[550] += 1;
    return tally_observe_step(run, score, rate, stop);
}

static tally_status train_with_a_corruption(errand *e, tally_run *run)
{
    (void)e;
    run->after_step = corrupt_then_observe;
    return tally_run_train(run);
}

/* Rank 1 has room for more than what comes, which no message tells. */
static tally_status call_another(tally_run *run, const tally_score *score, double rate,
                                 bool stop)
{
    unsigned char bytes[16] = {0};

    TALLY_TRY(tally_broadcast(run->comm, 0, bytes,
                              run->step == 3 && run->comm->rank == 1 ? 16 : 8));
    return tally_observe_step(run, score, rate, stop);
}

static tally_status train_apart(errand *e, tally_run *run)
{
    (void)e;
    run->after_step = call_another;
    return tally_run_train(run);
}

Test(run, ranks_that_call_different_collectives_are_named_a_step_later)
{
    errand e = {.settings = "batch=2 steps=7", .rows = 20, .use = train_apart};

    expect_fail(errand_run(&e, "sim:ranks=3"), MISMATCH,
                "rank 1 has \"broadcast of 16 bytes, control 2001, step 3\"");
    const char *other =
        strstr(e.rank[0].sentence, "rank 0 has \"broadcast of 8 bytes, ");
    cr_assert(other != NULL, "\"%s\"", e.rank[0].sentence);
    for (int r = 0; r < 3; r++) {
        cr_assert(eq(str, e.rank[r].sentence, e.rank[0].sentence));
        cr_assert(eq(sz, e.rank[r].call[4].count, 0));
    }
    errand_close(&e);
}

static void keep_sentence(void *context, const char *sentence)
{
    snprintf(context, 512, "%s", sentence);
}

/* Rule momentum has shared state too. */
static const char compared[] =
    "batch=2 steps=7 replica-every=2 rule=momentum rate=0.01";

Test(run, a_replica_that_was_corrupted_is_named_with_its_tensor)
{
    errand e = {.settings = compared, .rows = 20, .use = train_with_a_corruption};

    expect_fail(errand_run(&e, "sim:ranks=4"), MISMATCH,
                "after step 4 rank 2 holds other weights than rank 0, first in b");
    for (int r = 0; r < 4; r++)
        cr_assert(eq(str, e.rank[r].sentence, e.rank[0].sentence));
    errand_close(&e);
}

Test(run, a_corrupted_replica_takes_over_what_most_hold)
{
    char settings[128], sentence[512] = "";
    errand e = {.settings = compared, .rows = 20};
    static tally_real undisturbed[ERRAND_LENGTH];

    expect_ok(errand_run(&e, "sim:ranks=4"));
    memcpy(undisturbed, e.rank[0].w, sizeof undisturbed);
    snprintf(settings, sizeof settings, "%s resync=broadcast", compared);
    e = (errand){
        .settings = settings,
        .rows = 20,
        .use = train_with_a_corruption,
        .observer = {.warned = keep_sentence, .context = sentence},
        .rank = e.rank
    };
    expect_ok(errand_run(&e, "sim:ranks=4"));
    for (int r = 0; r < 4; r++)
        cr_assert(memcmp(e.rank[r].w, undisturbed, sizeof undisturbed) == 0);
    cr_assert(strstr(sentence, "after step 4 rank 2 holds other weights") != NULL,
              "\"%s\"", sentence);
    errand_close(&e);
}

/* A vote takes NaN for nothing: the census alone tells. */
Test(run, a_rank_that_lost_its_numbers_is_named)
{
    char sentence[512] = "";
    errand e = {
        .settings = "batch=2 steps=3 exchange=vote rule=signsgd rate=0.01 "
                    "attack=nan:ranks=1",
        .rows = 20,
        .observer = {.warned = keep_sentence, .context = sentence}
    };

    expect_ok(errand_run(&e, "sim:ranks=3"));
    cr_assert(eq(str, sentence, "not finite in step 1: rank 1, 600 values (a, b, c)"));
    for (int r = 0; r < 3; r++)
        cr_assert(eq(u64, e.rank[r].result.lost_values, 3 * 600));
    errand_close(&e);
}

/* ---- scores ---- */

/* Every split, before and after a step.  Sums of at most 64 losses in double, in
 * another order: 64 roundings of the whole. */
static tally_status score_all(errand *e, tally_run *run)
{
    static const tally_split splits[] = {TALLY_TRAIN, TALLY_VALIDATE, TALLY_TEST};

    for (size_t k = 0; k < 3; k++) {
        tally_score score;
        double sum = 0;
        uint64_t count = 0, correct = 0;

        TALLY_TRY(tally_barrier(run->comm));
        if (run->comm->rank == 0) memset(e->scored, 0, sizeof e->scored);
        TALLY_TRY(tally_barrier(run->comm));
        TALLY_TRY(tally_run_score(run, splits[k], &score));
        for (size_t r = 0; r < e->rows; r++) {
            double loss = errand_loss(run->w, r);

            sum += e->scored[splits[k]][r] * loss;
            correct += e->scored[splits[k]][r] * (loss < 0.5);
            count += e->scored[splits[k]][r];
        }
        if (score.count != count || score.correct != correct ||
            fabs(score.loss_sum - sum) > 64 * 0x1p-52 * sum)
            return TALLY_FAIL(MISMATCH, "split %zu: loss %.17g, expected %.17g", k,
                              score.loss_sum, sum);
        if (count != (k == 1 ? run->options->validate
                             : e->rows - (k == 0 ? run->options->validate : 0)))
            return TALLY_FAIL(MISMATCH, "split %zu has %d rows", k, (int)count);
    }
    return TALLY_OK;
}

/* Also with more ranks than rows of a split. */
Test(run, the_score_of_a_split_is_the_sum_over_its_rows)
{
    static const char *const comms[] = {"self", "sim:ranks=1", "sim:ranks=3",
                                        "sim:ranks=8"};
    static const char *const settings[] = {"batch=2", "batch=2 validate=5",
                                           "batch=3 validate=30"};

    for (size_t c = 0; c < 4; c++) {
        for (size_t k = 0; k < 3; k++) {
            errand e = {.settings = settings[k], .rows = 37, .use = score_all};

            expect_ok(errand_run(&e, comms[c]));
            errand_close(&e);
        }
    }
}

/* The digits by the net of the library: one row at a time on one rank, against shares
 * of up to 1024 rows on all of them.  Products of a batch and of one row add in another
 * order: an output, a sum of 64 terms below 2, is off by 64 * 2 epsilons of 2 or so; a
 * loss by twice that. */
static tally_status score_digits(tally_comm *comm, void *context)
{
    tally_run run = {0};
    tally_score score, dull = {0};

    (void)context;
    TALLY_TRY(tally_run_set(&run, "model", "softmax"));
    TALLY_TRY(tally_run_set(&run, "data", "digits"));
    TALLY_TRY(tally_run_set(&run, "steps", "20"));
    TALLY_TRY(tally_run_open(&run, comm));
    TALLY_TRY(tally_run_train(&run));
    TALLY_TRY(tally_run_score(&run, TALLY_TEST, &score));
    for (uint64_t r = 0; r < run.source.test_count; r++) {
        tally_samples one = {
            .split = TALLY_TEST, .rows = &r, .count = 1, .weight = 1, .step = 0};

        TALLY_TRY(run.f->ops->value(run.f, run.w, one, &dull));
    }
    double n = (double)dull.count, apart = fabs(score.loss_sum - dull.loss_sum) / n;
    double accuracy = (double)score.correct / n;

    if (score.count != dull.count || apart > 512 * REAL_EPSILON ||
        accuracy != run.result.test_accuracy ||
        score.loss_sum / n != run.result.test_loss)
        return TALLY_FAIL(MISMATCH, "loss %.17g of %d, expected %.17g of %d",
                          score.loss_sum, (int)score.count, dull.loss_sum,
                          (int)dull.count);
    /* A row whose two best outputs are that close may fall either way. */
    if (score.correct + 2 < dull.correct || dull.correct + 2 < score.correct)
        return TALLY_FAIL(MISMATCH, "%d correct, expected %d", (int)score.correct,
                          (int)dull.correct);
    tally_run_close(&run);
    return TALLY_OK;
}

Test(run, the_score_of_a_network_is_that_of_its_rows)
{
    expect_ok(tally_launch("sim:ranks=1", score_digits, NULL));
    expect_ok(tally_launch("sim:ranks=3", score_digits, NULL));
    expect_ok(tally_launch("sim:ranks=8", score_digits, NULL));
}

Test(run, rows_held_out_are_validated_and_never_trained_on)
{
    errand e = {.settings = "batch=2 epochs=3 validate=7 rate=0.1", .rows = 23};
    size_t held = 0;

    expect_ok(errand_run(&e, "sim:ranks=3"));
    for (size_t r = 0; r < e.rows; r++) {
        bool out = e.scored[TALLY_VALIDATE][r] > 0;

        cr_assert(eq(uint, e.trained[r], out ? 0 : 3), "row %zu", r);
        cr_assert(eq(uint, e.scored[TALLY_VALIDATE][r], out ? 3 : 0), "row %zu", r);
        cr_assert(eq(uint, e.scored[TALLY_TEST][r], 1), "row %zu", r);
        held += out;
    }
    cr_assert(eq(sz, held, 7));
    cr_assert(isfinite(e.rank[1].result.validate_loss));
    errand_close(&e);
}

/* The mean over the last epoch of the losses that its steps saw. */
Test(run, the_training_loss_is_the_mean_of_the_last_epoch)
{
    errand e = {.settings = "batch=2 epochs=2 rule=sgd rate=0.1", .rows = 10};
    double sum = 0;

    expect_ok(errand_run(&e, "sim:ranks=3"));
    for (uint64_t t = 2; t < 4; t++) {
        for (int r = 0; r < 3; r++) {
            const errand_call *c = &e.rank[r].call[t];

            for (size_t k = 0; k < c->count; k++)
                sum += errand_loss(c->at, c->rows[k]);
        }
    }
    cr_assert(fabs(e.rank[0].result.train_loss - sum / 10) <= 10 * 0x1p-52 * sum);
    errand_close(&e);
}

Test(run, close_accepts_a_zeroed_run)
{
    tally_run run = {0};

    tally_run_close(&run);
    tally_run_close(&run);
}

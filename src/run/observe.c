/* observe.c — what happens around the steps: metrics, evaluation, checkpoints, the end.
 *
 * One call after each step, on the ranks that hold the weights: all, unless the trainer
 * has roles.  They take the same branches, since the score, the step and the stop flag
 * they decide by are the same on each. */

#include "run/observe.h"

#include "base/clock.h"
#include "base/status.h"
#include "comm/trace.h"
#include "comm/watch.h"
#include "run/folder.h"
#include "run/metrics.h"
#include "run/replicas.h"
#include "run/timeline.h"
#include "trainer/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOSS_SUM, COUNT, STEP_SAMPLES, VALIDATE }; /* run->state.at */

enum { ROWS_AT_A_TIME = 1024, ROWS_IN_A_BREATH = 128 }; /* in evaluation */

static void say(const tally_run *run, const char *format, ...) TALLY_PRINTF(2, 3);

static void say(const tally_run *run, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;

    if (!run->observer.said || run->comm->rank != 0) return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    run->observer.said(run->observer.context, sentence);
}

static tally_status metric(tally_run *run, const char *name, double value)
{
    return run->metrics ? tally_metric(run->metrics, name, run->step, value) : TALLY_OK;
}

tally_status tally_observe_metric(tally_run *run, const char *name, double value)
{
    return metric(run, name, value);
}

/* ---- evaluation ---- */

static tally_status score_share(tally_run *run, tally_split split, tally_score *score)
{
    uint64_t rows[ROWS_AT_A_TIME];
    tally_sampler sampler = run->sampler; /* dealt among the holders, not the workers */

    sampler.size = run->crew->size;
    uint64_t share = tally_sampler_share(&sampler, split, run->crew->rank);
    uint64_t most = run->breathe ? ROWS_IN_A_BREATH : ROWS_AT_A_TIME;
    for (uint64_t first = 0; first < share; first += most) {
        size_t n = (size_t)(share - first < most ? share - first : most);

        tally_sampler_rows(&sampler, split, run->crew->rank, first, n, rows);
        tally_samples s = {.split = split, .rows = rows, .count = n, .weight = 1};
        TALLY_TRY(run->f->ops->value(run->f, run->w, s, score));
        if (run->breathe) TALLY_TRY(run->breathe(run));
    }
    return TALLY_OK;
}

static tally_status score_split(tally_run *run, tally_split split, tally_score *score)
{
    if (run->score) return run->score(run, split, score);
    tally_score mine = {0};
    tally_score *all = calloc((size_t)run->crew->size, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for the scores");

    *score = (tally_score){0};
    if (!status && run->snapshot) status = run->snapshot(run);
    if (!status && run->f->source) status = score_share(run, split, &mine);
    status = tally_agree(run->crew, status);
    if (!status) status = tally_gather_all(run->crew, &mine, sizeof mine, all);
    for (int r = 0; !status && r < run->crew->size; r++) {
        score->loss_sum += all[r].loss_sum;
        score->correct += all[r].correct;
        score->count += all[r].count;
    }
    free(all);
    return status;
}

tally_status tally_run_score(tally_run *run, tally_split split, tally_score *score)
{
    double begin = tally_trace_enter(run->comm);
    tally_status status = score_split(run, split, score);

    tally_trace_leave(run->comm, "evaluate", begin);
    return status;
}

static double share_of(double part, uint64_t count)
{
    return count ? part / (double)count : (double)NAN;
}

static tally_status evaluate(tally_run *run, tally_split split, const char *name,
                             double *accuracy, double *loss)
{
    tally_score score;
    char metric_name[64];

    TALLY_TRY(tally_run_score(run, split, &score));
    *loss = share_of(score.loss_sum, score.count);
    *accuracy =
        run->f->classifies ? share_of((double)score.correct, score.count) : (double)NAN;
    if (!score.count) return TALLY_OK;
    snprintf(metric_name, sizeof metric_name, "%s/loss", name);
    TALLY_TRY(metric(run, metric_name, *loss));
    snprintf(metric_name, sizeof metric_name, "%s/accuracy", name);
    return run->f->classifies ? metric(run, metric_name, *accuracy) : TALLY_OK;
}

/* ---- checkpoints ---- */

static bool repairs(const tally_run *run)
{
    return run->options->resync == 1;
}

/* Replicas that drifted apart, or weights that are not finite, are never written. */
static tally_status check_weights(tally_run *run)
{
    uint32_t bad = first_bad_tensor(&run->f->layout, run->w);
    tally_status status = TALLY_OK;

    if (bad)
        status = TALLY_FAIL(
            DIVERGED, "after step %llu %s holds a weight that is not finite",
            (unsigned long long)run->step, run->f->layout.tensors[bad - 1].name);
    TALLY_TRY(tally_agree(run->crew, status));
    return tally_agree(run->crew, tally_replicas_check(run, repairs(run)));
}

/* What a step counts in: another value would give the same step other rows. */
static double step_samples(const tally_run *run)
{
    return (double)run->sampler.batch * (double)run->workers;
}

enum { PARTS = 6 };

static tally_checkpoint checkpoint_of(tally_run *run, tally_part parts[PARTS])
{
    parts[0] = (tally_part){"run", &run->state};
    parts[1] = (tally_part){"rule", &run->rule.state};
    parts[2] = (tally_part){"exchange", &run->exchange.state};
    parts[3] = (tally_part){"trainer", &run->trainer_state};
    parts[4] = (tally_part){"aggregate", &run->exchange.aggregator.state};
    parts[5] = (tally_part){"attack", &run->attack.state};
    return (tally_checkpoint){.step = run->step,
                              .ranks = (uint64_t)run->crew->size,
                              .data_hash = run->f->source ? run->f->source->hash : 0,
                              .layout = &run->f->layout,
                              .w = run->w,
                              .parts = parts,
                              .part_count = PARTS};
}

static tally_status write_checkpoint(tally_run *run)
{
    tally_part parts[PARTS];
    double *samples = run->state.at[STEP_SAMPLES], *validate = run->state.at[VALIDATE];
    tally_checkpoint what = checkpoint_of(run, parts);

    *samples = step_samples(run);
    *validate = (double)run->options->validate;
    if (run->snapshot) TALLY_TRY(run->snapshot(run));
    TALLY_TRY(check_weights(run));
    TALLY_TRY(tally_agree(run->crew, tally_metrics_flush(run->metrics)));
    return run->folder ? tally_folder_save(run->folder, &what, run->options->keep)
                       : TALLY_OK;
}

static tally_status save(tally_run *run)
{
    const char *what = run->folder ? "checkpoint" : "check weights";
    double begin = tally_trace_enter(run->comm);
    tally_status status = write_checkpoint(run);

    tally_trace_leave(run->comm, what, begin);
    return status;
}

static tally_status compare_replicas(tally_run *run)
{
    double begin = tally_trace_enter(run->comm);
    tally_status status = tally_replicas_check(run, repairs(run));

    tally_trace_leave(run->comm, "check weights", begin);
    return status;
}

/* A checkpoint's step is a place among the rows only for the same samples a step and
 * the same rows held out. */
static tally_status check_position(const tally_run *run)
{
    const tally_config *o = run->options;
    double samples = *(const double *)run->state.at[STEP_SAMPLES];
    double validate = *(const double *)run->state.at[VALIDATE];
    double ours = step_samples(run), held_out = (double)o->validate;

    if (!run->f->source) return TALLY_OK;
    if (samples < ours || samples > ours)
        return TALLY_FAIL(MISMATCH,
                          "a step of the checkpoint has %.0f samples, one of this run "
                          "%.0f: resume with batch x accumulate x ranks = %.0f",
                          samples, ours, samples);
    if (validate < held_out || validate > held_out)
        return TALLY_FAIL(
            MISMATCH,
            "the checkpoint was trained with %.0f rows held out, this run "
            "holds out %.0f: resume with --validate %.0f",
            validate, held_out, validate);
    return TALLY_OK;
}

tally_status tally_observe_resume(tally_run *run)
{
    tally_part parts[PARTS];
    tally_checkpoint what = checkpoint_of(run, parts);
    uint64_t skipped = 0;
    char why[512] = "";

    TALLY_TRY(tally_folder_load(run->folder, &what, &skipped, why, sizeof why));
    if (what.ranks == 0) { /* it ended before its first one */
        say(run, "%s holds no checkpoint yet: starting from step 0",
            tally_folder_path(run->folder));
        return TALLY_OK;
    }
    TALLY_TRY(tally_agree(run->crew, check_position(run)));
    run->step = what.step;
    if (skipped && run->observer.warned && run->comm->rank == 0) {
        char sentence[640];

        snprintf(sentence, sizeof sentence, "%llu newer checkpoint(s) left aside: %s",
                 (unsigned long long)skipped, why);
        run->observer.warned(run->observer.context, sentence);
    }
    say(run, "resumed from step %llu of %llu%s", (unsigned long long)run->step,
        (unsigned long long)run->steps,
        run->step < run->steps ? ""
                               : ": nothing is left to do; raise --epochs or --steps");
    return TALLY_OK;
}

/* ---- after each step ---- */

static bool is_due(const tally_run *run, uint64_t every)
{
    return run->step % (every ? every : run->steps_per_epoch) == 0;
}

/* Where a step goes, and what it is called in the metrics; nothing where nobody has
 * measured it. */
typedef struct part {
    const char *name;
    double seconds;
} part;

enum { SPENT_PARTS = 7 };

static size_t parts_of(const tally_spent *spent, part parts[SPENT_PARTS])
{
    const part all[SPENT_PARTS] = {
        {"gradient/seconds", spent->gradient},
        {"exchange/seconds", spent->exchange},
        {"encode/seconds",   spent->encode  },
        {"wait/seconds",     spent->wait    },
        {"wire/seconds",     spent->wire    },
        {"decode/seconds",   spent->decode  },
        {"apply/seconds",    spent->apply   },
    };

    size_t count = 0;

    if (!(spent->gradient + spent->exchange > 0)) return 0;
    for (size_t i = 0; i < SPENT_PARTS; i++)
        if (!isnan(all[i].seconds)) parts[count++] = all[i];
    return count;
}

/* What grows from 0 as long as a process lasts. */
static tally_status log_counters(tally_run *run)
{
    part parts[SPENT_PARTS];
    size_t count = parts_of(&run->spent, parts);

    TALLY_TRY(metric(run, "train/seconds", run->spent.steps));
    TALLY_TRY(metric(run, "exchange/bytes_sent",
                     (double)run->comm->traffic[TALLY_EXCHANGE].bytes_sent));
    for (size_t i = 0; i < count; i++)
        TALLY_TRY(metric(run, parts[i].name, parts[i].seconds));
    return TALLY_OK;
}

/* Where weights are elsewhere most of the time, checkpoints alone compare them. */
static bool compares(const tally_run *run)
{
    uint64_t every = run->options->replica_every;

    return every && run->step % every == 0 && !run->snapshot && run->crew->size > 1;
}

static tally_status log_epoch_so_far(tally_run *run, double rate)
{
    const double *loss_sum = run->state.at[LOSS_SUM], *count = run->state.at[COUNT];

    run->result.train_loss = *count > 0 ? *loss_sum / *count : (double)NAN;
    TALLY_TRY(metric(run, "train/loss", run->result.train_loss));
    if (!isnan(rate)) TALLY_TRY(metric(run, "rate", rate));
    if (run->result.lost_values)
        TALLY_TRY(metric(run, "lost_values", (double)run->result.lost_values));
    return log_counters(run);
}

static tally_status end_epoch(tally_run *run)
{
    tally_result *result = &run->result;

    if (run->sampler.validate_count)
        TALLY_TRY(evaluate(run, TALLY_VALIDATE, "validate", &result->validate_accuracy,
                           &result->validate_loss));
    return TALLY_OK;
}

static tally_status stopped(const tally_run *run)
{
    char sentence[512];

    if (run->folder)
        snprintf(sentence, sizeof sentence,
                 "stopped by a signal after step %llu of %llu; go on with --resume %s",
                 (unsigned long long)run->step, (unsigned long long)run->steps,
                 tally_folder_path(run->folder));
    else
        snprintf(
            sentence, sizeof sentence,
            "stopped by a signal after step %llu of %llu; without --out nothing is kept",
            (unsigned long long)run->step, (unsigned long long)run->steps);
    return tally_error_adopt(TALLY_FAIL(STOPPED, "%s", sentence), sentence);
}

tally_status tally_observe_step(tally_run *run, const tally_score *score, double rate,
                                bool stop)
{
    double *loss_sum = run->state.at[LOSS_SUM], *count = run->state.at[COUNT];
    bool last = run->step == run->steps, epoch = run->step % run->steps_per_epoch == 0;

    tally_watch_step(run->comm, run->step + 1);
    run->result.samples += score->count;
    *loss_sum += score->loss_sum;
    *count += (double)score->count;
    if (run->observer.stepped && run->comm->rank == 0)
        run->observer.stepped(run->observer.context, run, run->step,
                              share_of(score->loss_sum, score->count), rate);
    if (compares(run)) TALLY_TRY(compare_replicas(run));
    bool saves = last || stop || is_due(run, run->options->checkpoint_every);
    /* A run that goes on counts from 0: what came before stands at its first step. */
    if (saves || is_due(run, run->options->log_every))
        TALLY_TRY(log_epoch_so_far(run, rate));
    if (epoch || last) *loss_sum = *count = 0;
    /* Saved first: a trainer that goes on during the evaluation is at this step now. */
    if (saves) TALLY_TRY(save(run));
    if (epoch || last) TALLY_TRY(end_epoch(run));
    return stop && !last ? stopped(run) : TALLY_OK;
}

/* ---- the end ---- */

/* What each rank tells at the end. */
typedef struct rank_account {
    uint64_t bytes_sent, sent_away;
    tally_spent spent;
} rank_account;

static tally_status metric_of(tally_run *run, const char *name, int index, double value)
{
    char full[80];

    snprintf(full, sizeof full, "%s/%d", name, index);
    return metric(run, full, value);
}

static tally_status log_rank(tally_run *run, int rank, const rank_account *of)
{
    part parts[SPENT_PARTS];
    size_t count = parts_of(&of->spent, parts);

    TALLY_TRY(metric_of(run, "exchange/bytes_sent", rank, (double)of->bytes_sent));
    TALLY_TRY(metric_of(run, "exchange/bytes_away", rank, (double)of->sent_away));
    for (size_t i = 0; i < count; i++)
        TALLY_TRY(metric_of(run, parts[i].name, rank, parts[i].seconds));
    return TALLY_OK;
}

static tally_status log_entry(tally_run *run, const char *link, int tensor,
                              const tally_entry *of)
{
    const struct {
        const char *name;
        uint64_t bytes;
    } columns[] = {
        {"logical",   of->logical  },
        {"encoded",   of->encoded  },
        {"predicted", of->predicted},
        {"sent",      of->counted  }
    };

    char name[64];

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        snprintf(name, sizeof name, "ledger/%s/%s", link, columns[i].name);
        TALLY_TRY(metric_of(run, name, tensor, (double)columns[i].bytes));
    }
    return TALLY_OK;
}

static tally_status log_ledger(tally_run *run)
{
    const tally_ledger *l = &run->result.ledger;

    for (size_t t = 0; t < l->count; t++) {
        TALLY_TRY(log_entry(run, "same_node", (int)t, &l->at[t][TALLY_NEAR]));
        TALLY_TRY(log_entry(run, "other_node", (int)t, &l->at[t][TALLY_AWAY]));
    }
    return TALLY_OK;
}

static tally_status sum_up(tally_run *run, uint64_t steps)
{
    const tally_traffic *traffic = &run->comm->traffic[TALLY_EXCHANGE];
    rank_account mine = {traffic->bytes_sent, traffic->sent_away, run->spent};
    rank_account *all = calloc((size_t)run->comm->size, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for the byte counts");
    uint64_t sum = 0, away = 0;

    status = tally_agree(run->comm, status);
    if (!status) status = tally_gather_all(run->comm, &mine, sizeof mine, all);
    for (int r = 0; !status && r < run->comm->size; r++) {
        sum += all[r].bytes_sent;
        away += all[r].sent_away;
        if (steps) status = log_rank(run, r, &all[r]);
    }
    free(all);
    TALLY_TRY(status);
    if (!steps) return TALLY_OK;
    double shares = (double)run->comm->size * (double)steps;
    run->result.bytes_sent_per_step = (double)sum / shares;
    run->result.bytes_away_per_step = (double)away / shares;
    return log_ledger(run);
}

static tally_status log_worker(tally_run *run, const tally_worker_tale *w)
{
    TALLY_TRY(metric_of(run, "server/pushes", w->rank, (double)w->pushes));
    TALLY_TRY(metric_of(run, "gradient/seconds", w->rank, w->computing));
    return metric_of(run, "exchange/seconds", w->rank, w->waiting);
}

/* The histogram of staleness and what came of each worker, as metrics of the last step.
 */
static tally_status write_tale(tally_run *run)
{
    const tally_tale *tale = run->result.tale;

    for (size_t i = 0; tale && i < TALLY_STALENESS_MOST; i++) {
        if (!tale->staleness[i]) continue;
        TALLY_TRY(
            metric_of(run, "server/staleness", (int)i, (double)tale->staleness[i]));
    }
    for (size_t m = 0; tale && m < tale->count; m++)
        TALLY_TRY(log_worker(run, &tale->worker[m]));
    return TALLY_OK;
}

/* Whoever went on with a run that has come to its end finds the line there, unless the
 * one before was killed while it evaluated. */
static tally_status evaluate_once(tally_run *run, tally_split split, const char *name,
                                  double *accuracy, double *loss)
{
    tally_metrics *metrics = run->metrics;
    char line[64];
    bool told;

    snprintf(line, sizeof line, "%s/loss", name);
    TALLY_TRY(tally_metrics_hold(metrics, line, run->step, &told));
    if (told) run->metrics = NULL;
    tally_status status = evaluate(run, split, name, accuracy, loss);
    run->metrics = metrics;
    return status;
}

static tally_status evaluate_at_end(tally_run *run, bool again)
{
    tally_status (*how)(tally_run *, tally_split, const char *, double *, double *) =
        again ? evaluate_once : evaluate;
    tally_result *r = &run->result;

    TALLY_TRY(how(run, TALLY_TEST, "test", &r->test_accuracy, &r->test_loss));
    if (run->sampler.validate_count && isnan(r->validate_loss))
        TALLY_TRY(how(run, TALLY_VALIDATE, "validate", &r->validate_accuracy,
                      &r->validate_loss));
    TALLY_TRY(tally_metrics_flush(run->metrics));
    return TALLY_OK;
}

static tally_status train_and_evaluate(tally_run *run)
{
    tally_result *result = &run->result;
    uint64_t before = run->step;

    result->validate_accuracy = result->validate_loss = (double)NAN;
    result->test_accuracy = result->test_loss = result->train_loss = (double)NAN;
    result->start_seconds = tally_process_seconds();
    tally_watch_step(run->comm, run->step + 1);
    if (run->step < run->steps) TALLY_TRY(log_counters(run));
    TALLY_TRY(run->trainer->train(run));
    tally_trace_do(run->comm, "finish");
    result->steps = run->step;
    if (!run->crew) return TALLY_OK;
    if (run->trainer->roles)
        TALLY_TRY(write_tale(run));
    else
        TALLY_TRY(sum_up(run, run->step - before));
    return evaluate_at_end(run, run->step == before);
}

/* After a failure that all ranks know of they are all still there. */
static bool may_meet(const tally_run *run, tally_status status)
{
    bool ends_well = status == TALLY_OK || status == TALLY_STOPPED;
    bool agreed = status == TALLY_OK || tally_error_agreed();

    return !run->comm->ragged && agreed && (ends_well || !run->trainer->roles);
}

tally_status tally_run_train(tally_run *run)
{
    tally_status status = train_and_evaluate(run);
    tally_error error;

    if (!may_meet(run, status)) return status;
    tally_error_save(&error);
    tally_status written = tally_timeline_write(run);
    if (!status) return written;
    tally_error_restore(&error);
    return status;
}

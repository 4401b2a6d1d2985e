/* tale.c — what came of a run with servers, in numbers and in words.
 *
 * Who is slow, and why, is read off the seconds that each worker spent in gradients and
 * in waiting for replies, per push.  With several servers the counts are those of
 * server 0: each push goes to all of them. */

#include "trainer/server/server.h"
#include "trainer/straggler.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS_TOLD = 16 };

static void say(const tally_run *run, const char *format, ...) TALLY_PRINTF(2, 3);

static void say(const tally_run *run, const char *format, ...)
{
    const tally_observer *o = &run->observer;
    char sentence[512];
    va_list arguments;

    if (!o->said || run->comm->rank != 0) return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    o->said(o->context, sentence);
}

static double per_push(const tally_worker_tale *w, double seconds)
{
    return w->pushes ? seconds / (double)w->pushes : 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

tally_status tally_tale_open(tally_run *run)
{
    tally_tale *tale = calloc(1, sizeof *tale);

    run->result.tale = tale;
    if (tale) tale->worker = calloc((size_t)run->workers, sizeof *tale->worker);
    if (!tale || !tale->worker)
        return TALLY_FAIL(MEMORY, "no memory for a tale of %d workers", run->workers);
    tale->count = (size_t)run->workers;
    return TALLY_OK;
}

static double all_time(const tally_worker_tale *w)
{
    return per_push(w, w->computing);
}

/* What it would take on a processor of its own. */
static double own_time(const tally_worker_tale *w)
{
    return per_push(w, w->computing - w->starved);
}

/* Seconds per push, of the worker in the middle. */
static tally_status find_median(const tally_tale *t,
                                double (*time)(const tally_worker_tale *w),
                                double *median)
{
    double *each = calloc(t->count, sizeof *each);

    if (!each) return TALLY_FAIL(MEMORY, "no memory for %zu times", t->count);
    for (size_t m = 0; m < t->count; m++)
        each[m] = time(&t->worker[m]);
    qsort(each, t->count, sizeof *each, compare);
    *median = each[t->count / 2];
    free(each);
    return TALLY_OK;
}

static void tell_of_worker(const tally_run *run, const tally_worker_tale *w)
{
    double all = w->computing + w->waiting;

    say(run,
        "rank %d: %llu pushes, %.3g ms of computing each, %.0f %% of its time waiting, "
        "staleness %.2f%s",
        w->rank, (unsigned long long)w->pushes, 1000 * per_push(w, w->computing),
        all > 0 ? 100 * w->waiting / all : 0,
        w->pushes ? w->staleness / (double)w->pushes : 0, w->lost ? "; lost" : "");
}

static tally_status tell_of_straggler(const tally_run *run)
{
    const tally_tale *t = run->result.tale;
    const tally_worker_tale *slowest = &t->worker[0];
    double median = 0, own = 0;
    char cause[160];

    TALLY_TRY(find_median(t, all_time, &median));
    TALLY_TRY(find_median(t, own_time, &own));
    for (size_t m = 1; m < t->count; m++)
        if (all_time(&t->worker[m]) > all_time(slowest)) slowest = &t->worker[m];
    double factor = median > 0 ? all_time(slowest) / median : 0;
    if (factor >= 1.5)
        say(run,
            "rank %d is the straggler: it computes %.1f times as long as the median%s",
            slowest->rank, factor,
            trainer_straggler_cause(all_time(slowest),
                                    per_push(slowest, slowest->starved), own, cause));
    return TALLY_OK;
}

tally_status tally_tale_tell(const tally_run *run)
{
    const tally_tale *t = run->result.tale;

    if (run->comm->rank != 0 || !run->observer.said) return TALLY_OK;
    say(run,
        "%llu pushes: staleness %.2f on average, at most %llu; %llu dropped, %llu "
        "refused; %llu of %zu workers lost, %llu came back",
        (unsigned long long)t->pushes,
        t->pushes ? t->staleness_sum / (double)t->pushes : 0,
        (unsigned long long)t->staleness_most, (unsigned long long)t->dropped,
        (unsigned long long)t->refused, (unsigned long long)t->lost, t->count,
        (unsigned long long)t->returned);
    if (t->bytes_pushed)
        say(run,
            "server 0 got %.3g MB of pushes and sent %.3g MB of weights, codec %s; idle "
            "%.0f %%",
            (double)t->bytes_pushed / 1e6, (double)t->bytes_replied / 1e6,
            run->options->codec, 100 * t->idle);
    for (size_t m = 0; m < t->count && m < WORKERS_TOLD; m++)
        tell_of_worker(run, &t->worker[m]);
    return tell_of_straggler(run);
}

/* Workers send to servers only: what these received is what those sent. */
static tally_status count_bytes(const tally_store *s, double *sum, double *away)
{
    tally_run *run = s->run;
    const tally_traffic *t = &run->comm->traffic[TALLY_EXCHANGE];
    bool apart = run->holders < run->comm->size;
    uint64_t mine[] = {t->bytes_sent + (apart ? t->bytes_received : 0),
                       t->sent_away + (apart ? t->received_away : 0)};
    uint64_t(*all)[2] = calloc((size_t)s->servers, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for the byte counts");

    *sum = *away = 0;
    status = tally_agree(run->crew, status);
    if (!status) status = tally_gather_all(run->crew, mine, sizeof mine, all);
    for (int r = 0; !status && r < s->servers; r++) {
        *sum += (double)all[r][0];
        *away += (double)all[r][1];
    }
    free(all);
    return status;
}

tally_status tally_store_sum_up(tally_store *s, double seconds)
{
    tally_run *run = s->run;
    tally_result *result = &run->result;
    double steps = (double)(run->step - s->first_step), bytes, away;

    s->tale->idle = seconds > 0 ? s->idle / seconds : 0;
    TALLY_TRY(count_bytes(s, &bytes, &away));
    result->seconds = seconds;
    if (steps > 0) {
        result->step_median_seconds = seconds / steps;
        result->bytes_sent_per_step = bytes / run->comm->size / steps;
        result->bytes_away_per_step = away / run->comm->size / steps;
    }
    return tally_tale_tell(run);
}

/* lockstep.c — all ranks take every step together: five verbs in one loop.
 *
 *     for step = 1, 2, ...
 *         gradient   g <- grad f(at; batch(step, rank))     objective
 *         propose    g <- what this rank wants to say       rule, span by span
 *         exchange   g <- what the ranks agree on           exchange, span by span
 *         apply      w <- w moved by g                      rule, span by span
 *
 * A span is proposed and sent as soon as the backward pass has finished it, last layer
 * first; it is applied as soon as it is agreed.  Clipping by a norm needs all of g: a
 * local one comes between gradient and propose, an agreed one between exchange and
 * apply, and either turns off the overlap on its side.
 *
 * Besides the exchange, each step sends one report of 88 bytes to every rank: the loss,
 * and whether someone diverged or was told to stop.  It travels with the gradient, and
 * is read before anything is applied: weights are never moved by a step that failed.
 *
 * With accumulate K a rank's share of a step is K batches.  The objective cuts it into
 * pieces of one batch, sums their gradients and announces a span in the last piece: the
 * memory is that of one batch, and the exchange happens once.
 *
 * Reports say when each rank had its gradient, by one clock: what a rank waits until
 * the last had it is for its peers, what it waits after that is for bytes.
 *
 * Reproducible: the same weights, bit for bit, for the same seed, ranks and threads,
 * when the exchange is (docs/determinism.md).  After the first step nothing allocates.
 */

#include "base/status.h"
#include "base/stop.h"
#include "comm/mismatch.h"
#include "comm/trace.h"
#include "comm/watch.h"
#include "trainer/census.h"
#include "trainer/nap.h"
#include "trainer/pace.h"
#include "trainer/report.h"
#include "trainer/straggler.h"
#include "trainer/trainer.h"

#include <math.h>
#include <stdlib.h>

typedef struct lockstep {
    double flops, nap;
} lockstep;

static const tally_option options[] = {
    TALLY_OPTION(REAL, lockstep, flops, "1e11", "(0, inf)",
                 "a rank's speed in FLOP/s; read by simulated comms only"),
    TALLY_OPTION(REAL, lockstep, nap, "0", "[0, 3600]",
                 "seconds of sleep before each gradient, to stand for computing"),
    TALLY_END,
};

enum {
    REPORT_NUMBER = 1 /* of the control channel; the comm's own numbers start at 2000 */
};

/* What was when a gradient began: the time, trainer_busy of this thread, and the loop's
 * exposed and the attack's lingered seconds. */
typedef struct outset {
    double time, busy, exposed, lingered;
} outset;

/* One rank's loop.  All pointers owned. */
typedef struct loop {
    tally_run *run;
    tally_real *own, *place, *room;
    tally_real *g; /* borrowed: own, or where the exchange wants it */
    uint64_t *rows;
    tally_gather reports;
    step_report mine;
    census census;
    tally_step t;
    size_t next;          /* spans [next, plan_count) are on their way */
    double arrived, busy; /* the time when this rank turned to the comm; tally_busy when
                             it turned away */
    double blocked;       /* tally_blocked when this rank turned to the comm */
    double hidden, exposed;
    double work; /* declared seconds of the gradient, for simulated comms; else 0 */
    trainer_pace pace;
    trainer_straggler straggler;
    double computed; /* run->spent.gradient at the last report */
} loop;

/* ---- propose and exchange, as spans become ready ---- */

/* Counts what is not finite in v while it is in the cache still. */
static void look_over(loop *l, tally_span s, const tally_real *v)
{
    uint64_t every = l->run->options->census;

    if (every && l->run->step % every == 0)
        census_add(&l->mine, &l->run->f->layout, s, v);
}

static tally_status send_span(loop *l, size_t k)
{
    tally_exchange *x = &l->run->exchange;
    tally_view v = {.values = l->g};

    look_over(l, x->plan[k], l->g);
    if (x->ops->offer) x->ops->offer(x, k, &v);
    TALLY_TRY(tally_rule_propose(&l->run->rule, &l->t, x->plan[k], l->g, &v));
    return x->ops->start(x, k, l->run->step, v);
}

/* Between turning to the comm and away from it this rank computes nothing.  What was
 * under way before then was hidden.  For a trace: what it does, and is called while it
 * waits. */
static tally_status turn_to_comm(loop *l, const char *working, const char *waiting)
{
    l->arrived = tally_now(l->run->comm);
    tally_trace_call_waits(l->run->comm->trace, waiting);
    tally_trace_turn(l->run->comm->trace, working, l->arrived);
    l->blocked = tally_blocked(l->run->comm);
    TALLY_TRY(tally_poll(l->run->comm));
    l->hidden += tally_busy(l->run->comm) - l->busy;
    return TALLY_OK;
}

/* Says where the time went that passed in working, and in waiting; for a trace: what
 * comes next. */
static void turn_away(loop *l, double *working, double *waiting, const char *next)
{
    tally_comm *c = l->run->comm;
    double now = tally_now(c), seconds = now - l->arrived;
    double waited = fmin(tally_blocked(c) - l->blocked, seconds); /* but for rounding */

    tally_trace_turn(c->trace, next, now);
    l->busy = tally_busy(c);
    if (c->size == 1) return;
    l->exposed += seconds;
    *waiting += waited;
    *working += seconds - waited;
}

/* Sends what is complete from `first` on. */
static tally_status send_from(loop *l, size_t first)
{
    tally_run *run = l->run;

    TALLY_TRY(turn_to_comm(l, "encode", "wire"));
    while (l->next > 0 && run->plan[l->next - 1].first >= first)
        TALLY_TRY(send_span(l, --l->next));
    turn_away(l, &run->spent.encode, &run->spent.wire, "gradient");
    return TALLY_OK;
}

/* With an attack all of a proposal is known before any of it is sent, as numbers. */
static tally_status lie_and_send(loop *l)
{
    tally_run *run = l->run;
    tally_exchange *x = &run->exchange;
    tally_real *said;

    for (size_t k = 0; k < x->plan_count; k++) {
        tally_view v = {.values = l->g};

        TALLY_TRY(tally_rule_propose(&run->rule, &l->t, x->plan[k], l->g, &v));
    }
    TALLY_TRY(tally_attack_say(&run->attack, run->step, l->g, &said));
    look_over(l, (tally_span){0, run->f->layout.length}, said);
    while (l->next-- > 0)
        TALLY_TRY(x->ops->start(x, l->next, run->step, (tally_view){.values = said}));
    l->next = 0;
    return TALLY_OK;
}

/* The backward pass is two thirds of the work, spread over the weights. */
static tally_status ready(void *context, tally_span s)
{
    loop *l = context;
    double share = (double)s.count / (double)l->run->f->layout.length;

    tally_spend(l->run->comm, l->work * 2 / 3 * share);
    tally_trace_about(l->run->comm->trace, s.first);
    return send_from(l, s.first);
}

/* ---- apply ---- */

static tally_status receive_span(loop *l, size_t k, tally_view *agreed)
{
    tally_exchange *x = &l->run->exchange;

    TALLY_TRY(turn_to_comm(l, "decode", "wire"));
    *agreed = (tally_view){0};
    TALLY_TRY(x->ops->finish(x, k, agreed));
    turn_away(l, &l->run->spent.decode, &l->run->spent.wire, "apply");
    return TALLY_OK;
}

static tally_status apply_as_agreed(loop *l)
{
    tally_run *run = l->run;

    for (size_t k = run->plan_count; k-- > 0;) {
        tally_view agreed;

        TALLY_TRY(receive_span(l, k, &agreed));
        for (tally_span left = run->plan[k], s; left.count > 0;
             left.first += s.count, left.count -= s.count) {
            s = tally_exchange_part(&run->exchange, k, left, &agreed);
            TALLY_TRY(tally_rule_apply(&run->rule, &l->t, s, run->w, agreed, l->room));
        }
    }
    return TALLY_OK;
}

/* The norm is of what was agreed, so every rank bounds it alike. */
static tally_status clip_then_apply(loop *l)
{
    tally_run *run = l->run;
    double norm;

    for (size_t k = run->plan_count; k-- > 0;) {
        tally_view agreed;

        TALLY_TRY(receive_span(l, k, &agreed));
        tally_view_numbers(agreed, run->plan[k], l->g);
    }
    TALLY_TRY(run->clip.ops->bound(&run->clip, l->g, run->f->layout.length, &norm));
    for (size_t k = run->plan_count; k-- > 0;)
        TALLY_TRY(tally_rule_apply(&run->rule, &l->t, run->plan[k], run->w,
                                   (tally_view){.values = l->g}, l->room));
    return TALLY_OK;
}

/* ---- one step ---- */

/* The gradient may lie where the exchange wants it; until then the others may be
 * reading the last one there. */
static tally_status find_room(loop *l, const char *next)
{
    tally_real *room;

    TALLY_TRY(turn_to_comm(l, "encode", "wait"));
    TALLY_TRY(tally_exchange_room(&l->run->exchange, &room));
    turn_away(l, &l->run->spent.encode, &l->run->spent.wait, next);
    l->g = room ? room : l->own;
    return TALLY_OK;
}

static bool clips(const tally_run *run, tally_clip_scope scope)
{
    return run->clip.ops && tally_clip_scope_of(&run->clip) == scope;
}

static tally_samples samples_of(loop *l, uint64_t step)
{
    tally_run *run = l->run;
    tally_samples s = {.split = TALLY_TRAIN, .rows = l->rows, .step = step};

    if (!l->run->f->source)
        return (tally_samples){
            .count = 1, .weight = 1.0 / run->comm->size, .step = step};
    s.count = tally_sampler_train(&run->sampler, step, run->comm->rank, l->rows);
    s.weight = 1.0 / (double)tally_sampler_global(&run->sampler, step);
    return s;
}

/* The next step's first rows, while this step's messages travel. */
static tally_status read_ahead(loop *l)
{
    tally_run *run = l->run;
    double begin = tally_now(run->comm);

    if (run->comm->size == 1 || !run->f->ops->fetch || run->step + 1 == run->steps)
        return TALLY_OK;
    tally_trace_turn(run->comm->trace, "read ahead", begin);
    TALLY_TRY(run->f->ops->fetch(run->f, samples_of(l, run->step + 1)));
    double end = tally_now(run->comm);
    tally_trace_turn(run->comm->trace, NULL, end);
    run->spent.gradient += end - begin;
    return TALLY_OK;
}

static tally_status compute_and_send(loop *l, tally_score *score)
{
    tally_run *run = l->run;
    const tally_real *at;
    bool local = clips(run, TALLY_CLIP_LOCAL), lies = run->attack.ops;
    tally_listener listener = {local || lies ? NULL : ready, l};
    tally_samples s = samples_of(l, run->step);
    const lockstep *o = run->trainer_options;
    double norm;

    l->t.share = (double)s.count * s.weight;
    TALLY_TRY(tally_rule_place(&run->rule, &l->t, run->w, l->place, &at));
    run->exchange.rate = l->t.rate;
    trainer_nap(run->comm, o->nap);
    l->next = run->plan_count;
    l->busy = tally_busy(run->comm);
    if (run->f->ops->cost && run->comm->ops->spend)
        l->work = run->f->ops->cost(run->f, s).flops / o->flops;
    tally_spend(run->comm, local || lies ? l->work : l->work / 3);
    TALLY_TRY(find_room(l, "gradient"));
    double busy = lies ? trainer_busy(run->comm) : 0;
    TALLY_TRY(run->f->ops->gradient(run->f, at, s, l->g, listener, score));
    if (local)
        TALLY_TRY(run->clip.ops->bound(&run->clip, l->g, run->f->layout.length, &norm));
    if (lies) run->attack.worked = o->nap + l->work + trainer_busy(run->comm) - busy;
    return lies ? lie_and_send(l) : send_from(l, 0);
}

/* The last line of the metrics is of the step that failed. */
static void note_divergence(tally_run *run, const tally_score *score)
{
    run->step++;
    if (run->metric(run, "train/loss", score->loss_sum / (double)score->count))
        tally_error_clear(); /* that it diverged matters more */
    run->step--;
}

/* Nothing may be under way when the run ends; what comes of it is not used. */
static tally_status drain(loop *l, const tally_score *score, tally_status failed)
{
    tally_error error;

    tally_error_save(&error);
    note_divergence(l->run, score);
    for (size_t k = l->run->plan_count; k-- > 0;) {
        tally_view agreed;

        if (receive_span(l, k, &agreed)) break;
    }
    tally_error_restore(&error);
    return failed;
}

/* What is under way may never end where ranks have called different collectives. */
static tally_status part_with(loop *l, tally_status failed)
{
    l->run->comm->ragged = true;
    return failed;
}

/* `begin` is what these were when the gradient began. */
static void account_for_gradient(loop *l, const outset *begin)
{
    const lockstep *o = l->run->trainer_options;
    double now = tally_now(l->run->comm), seconds = now - begin->time;
    double exposed = l->exposed - begin->exposed;
    double asleep = o->nap + l->run->attack.lingered - begin->lingered;

    tally_trace_turn(l->run->comm->trace, NULL, now);
    l->run->spent.gradient += seconds - exposed;
    l->mine.computed = (float)(l->run->spent.gradient - l->computed);
    l->mine.starved = (float)trainer_starved(l->run->comm, begin->time, begin->busy,
                                             asleep + exposed);
    l->computed = l->run->spent.gradient;
}

/* Waiting, which began when the last rank had its gradient `late` seconds later, and
 * went to `wire`: of that, up to then for peers. */
static void account_for_peers(loop *l, double late, double wire)
{
    tally_spent *spent = &l->run->spent;
    double waited = spent->wire - wire;
    double for_peers = late < 0 ? 0 : late < waited ? late : waited;

    spent->wait += for_peers;
    spent->wire -= for_peers;
}

static const char *host_of(const void *context, int rank)
{
    return tally_watch_host(context, rank);
}

static void tell_of_stragglers(loop *l, double seconds)
{
    tally_run *run = l->run;
    char sentence[512];

    if (run->comm->rank == 0 && run->observer.warned &&
        trainer_straggler_add(&l->straggler, (const void *)l->reports.all, seconds,
                              host_of, run->comm, sentence, sizeof sentence) >= 0)
        run->observer.warned(run->observer.context, sentence);
}

/* ready: when the last rank had its gradient, by the common clock. */
static void account_for_step(loop *l, double begin, double ready)
{
    tally_spent *spent = &l->run->spent;
    tally_comm *c = l->run->comm;
    double now = tally_now(c), seconds = now - begin;

    tally_trace_turn(c->trace, NULL, now);
    tally_trace_call_waits(c->trace, "wait"); /* from here on, for whoever is late */
    tally_trace_add(c->trace, "step", begin, now);
    tally_trace_add(c->trace, "ready", ready + c->ahead, ready + c->ahead);

    trainer_pace_add(&l->pace, seconds);
    tell_of_stragglers(l, seconds);
    spent->steps += seconds;
    spent->exchange = l->exposed;
    spent->apply = fmax(0, spent->steps - spent->gradient - spent->exchange);
}

/* What a rank has lost may never show in the loss: rank 0 says so, once for each tensor
 * of each rank. */
static void tell_of_the_lost(loop *l)
{
    tally_run *run = l->run;
    const tally_observer *o = &run->observer;
    char sentence[1024];

    census_read(&l->census, (const void *)l->reports.all, run->comm->size, l->t.number,
                &run->f->layout, sentence, sizeof sentence);
    run->result.lost_values = l->census.count;
    if (*sentence && o->warned && run->comm->rank == 0) o->warned(o->context, sentence);
}

static tally_status take_step(loop *l)
{
    tally_run *run = l->run;
    tally_score score = {0};
    step_verdict verdict;
    outset begin = {.time = tally_now(run->comm),
                    .busy = trainer_busy(run->comm),
                    .exposed = l->exposed,
                    .lingered = run->attack.lingered};

    l->t = (tally_step){.number = run->step + 1,
                        .rate = tally_schedule_rate(&run->schedule, run->step)};
    l->mine = (step_report){0};
    tally_trace_turn(run->comm->trace, "gradient", begin.time);
    tally_trace_step(run->comm->trace, l->t.number);
    tally_watch_sum(run->comm, &l->mine.collectives, &l->mine.signatures);
    TALLY_TRY(compute_and_send(l, &score));
    account_for_gradient(l, &begin);
    l->mine.stop = tally_stop_requested() || run->enough;
    l->mine.ready = tally_common_now(run->comm);
    step_report_fill(&l->mine, &run->f->layout, run->w, l->g, &score);
    TALLY_TRY(turn_to_comm(l, "encode", "wait"));
    TALLY_TRY(tally_gather_start(&l->reports, &l->mine));
    turn_away(l, &run->spent.encode, &run->spent.wait, NULL);
    TALLY_TRY(read_ahead(l));
    double waits = tally_common_now(run->comm), wire = run->spent.wire;
    TALLY_TRY(turn_to_comm(l, "decode", "wire"));
    TALLY_TRY(tally_gather_wait(&l->reports));
    turn_away(l, &run->spent.decode, &run->spent.wire, NULL);
    if (!step_report_agrees((const void *)l->reports.all, run->comm->size))
        return part_with(l, tally_mismatch_name(run->comm));
    tally_status failed =
        step_report_read((const void *)l->reports.all, run->comm->size, l->t.number,
                         &run->f->layout, &verdict);
    if (failed) return drain(l, &verdict.score, failed);
    tell_of_the_lost(l);
    TALLY_TRY(clips(run, TALLY_CLIP_AGREED) ? clip_then_apply(l) : apply_as_agreed(l));
    account_for_peers(l, verdict.ready - waits, wire);
    account_for_step(l, begin.time, verdict.ready);
    run->step++;
    return run->after_step(run, &verdict.score, l->t.rate, verdict.stop);
}

/* ---- the loop ---- */

static tally_status open_loop(loop *l, tally_run *run)
{
    size_t length = run->f->layout.length;

    TALLY_TRY(find_room(l, "set up"));
    if (!l->g) l->own = tally_allocate(length, sizeof *l->own);
    l->place = run->rule.ops->place ? tally_allocate(length, sizeof *l->place) : NULL;
    bool expands = run->exchange.ops->form == TALLY_BITS && !run->rule.ops->takes_bits;
    l->room = tally_allocate(expands ? length : 0, sizeof *l->room);
    l->rows = tally_allocate(run->sampler.batch, sizeof *l->rows);
    if ((!l->g && !l->own) || !l->room || !l->rows ||
        (run->rule.ops->place && !l->place))
        return TALLY_FAIL(MEMORY, "no memory for the gradient of %zu weights", length);
    TALLY_TRY(trainer_pace_open(&l->pace));
    TALLY_TRY(trainer_straggler_open(&l->straggler, l->run->comm->size,
                                     l->run->options->patience));
    TALLY_TRY(census_open(&l->census, l->run->comm->size));
    return tally_gather_open(&l->reports, run->comm, TALLY_CONTROL, REPORT_NUMBER,
                             sizeof(step_report));
}

static void close_loop(loop *l)
{
    tally_gather_close(&l->reports);
    census_close(&l->census);
    free(l->own);
    free(l->place);
    free(l->room);
    free(l->rows);
    trainer_pace_close(&l->pace);
    trainer_straggler_close(&l->straggler);
}

static void sum_up(loop *l)
{
    tally_result *result = &l->run->result;

    trainer_pace_tell(&l->pace, result);
    result->overlap = l->hidden > 0 ? l->hidden / (l->hidden + l->exposed) : 0;
}

static tally_status keep_books(tally_run *run, uint64_t first)
{
    tally_ledger *ledger = &run->result.ledger;

    TALLY_TRY(tally_agree(
        run->comm, tally_exchange_ledger(&run->exchange, first, run->step, ledger)));
    return tally_ledger_gather(ledger, run->comm);
}

static tally_status train(tally_run *run)
{
    loop l = {.run = run};
    uint64_t first = run->step;
    tally_status status = tally_agree(run->comm, open_loop(&l, run));

    if (!status) status = tally_comm_set_clock(run->comm);
    while (status == TALLY_OK && run->step < run->steps)
        status = take_step(&l);
    tally_trace_do(run->comm, "finish");
    if (status == TALLY_OK || status == TALLY_STOPPED) sum_up(&l);
    if (status == TALLY_OK) status = keep_books(run, first);
    close_loop(&l);
    return status;
}

const tally_trainer_ops tally_trainer_lockstep = {
    .about = {.name = "lockstep",
              .brief = "all ranks take every step together",
              .paper = "",
              .options = options,
              .options_size = sizeof(lockstep)},
    .train = train,
};

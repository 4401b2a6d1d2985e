/* gradient.c — what a worker computes between a reply and its push.
 *
 *     gradient   g <- grad f(w; rows of the ticket)
 *     propose    g <- what this worker wants to say                 rule, piece by
 * piece send       each piece as soon as the backward pass has finished it, through the
 *                codec (coding.c)
 *
 * With local steps (local.h) a turn is several gradients, taken at weights that the
 * worker moves itself, and what is pushed is known at its end.  A clip of scope local
 * needs all of g, and then nothing leaves before the end.  A rank that is a server too
 * serves between the layers of the backward pass. */

#include "comm/comm.h"
#include "comm/trace.h"
#include "trainer/nap.h"
#include "trainer/server/worker.h"

#include <string.h>

enum { NAPS = 8 };

static tally_status code_piece(worker *w, size_t k, size_t *bytes)
{
    tally_span s = w->pieces[k];
    tally_piece piece = {w->counters[w->to[k]].reply.version, s.first, s.count};

    return tally_coding_push(&w->coding, piece, w->t.rate, w->g + s.first,
                             w->memory ? w->memory + s.first : NULL, w->coded[k],
                             bytes);
}

static tally_status send_piece(worker *w, size_t k)
{
    tally_span piece = w->pieces[k];
    tally_view v = {.values = w->g};
    const void *message = w->g + piece.first;
    size_t bytes = piece.count * sizeof *w->g;

    if (!w->steps || !w->steps->own)
        TALLY_TRY(tally_rule_propose(&w->run->rule, &w->t, piece, w->g, &v));
    if (w->counters[w->to[k]].near) {
        tally_count_written(w->run->comm, w->to[k],
                            TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE), bytes);
        return TALLY_OK;
    }
    if (w->coding.coded) {
        message = w->coded[k];
        TALLY_TRY(code_piece(w, k, &bytes));
    }
    return tally_isend(w->run->comm, w->to[k], TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE),
                       message, bytes, &w->sends[k]);
}

/* Sends what is complete from coordinate `first` on. */
static tally_status send_from(worker *w, size_t first)
{
    const char *before = tally_trace_do(w->run->comm, "push");

    TALLY_TRY(w->own ? tally_store_poll(w->own) : tally_poll(w->run->comm));
    TALLY_TRY(tally_worker_beat(w));
    while (w->next < w->piece_count && w->pieces[w->next].first >= first)
        TALLY_TRY(send_piece(w, w->next++));
    tally_trace_do(w->run->comm, before);
    return TALLY_OK;
}

/* The backward pass is two thirds of the work, spread over the weights. */
static tally_status ready(void *context, tally_span s)
{
    worker *w = context;
    double share = (double)s.count / (double)w->run->f->layout.length;

    tally_spend(w->run->comm, w->work * 2 / 3 * share);
    tally_trace_about(w->run->comm->trace, s.first);
    return send_from(w, s.first);
}

tally_samples tally_ticket_samples(tally_run *run, uint64_t ticket, uint64_t *rows)
{
    uint64_t parts = (uint64_t)run->workers, step = ticket / parts;
    tally_samples s = {.split = TALLY_TRAIN, .rows = rows, .step = step};
    bool gathers = tally_consistency_of(run)->need != NULL;

    if (!run->f->source) {
        s.rows = NULL;
        s.count = 1;
        s.weight = gathers ? 1.0 / run->workers : 1;
        return s;
    }
    s.count = tally_sampler_train(&run->sampler, step, (int)(ticket % parts), rows);
    s.weight = gathers   ? 1.0 / (double)tally_sampler_global(&run->sampler, step)
               : s.count ? 1.0 / (double)s.count
                         : 0;
    return s;
}

/* In pieces: who naps serves in between, and is still there. */
static tally_status nap(worker *w)
{
    const tally_server *o = w->run->trainer_options;

    for (int k = 0; o->nap > 0 && k < NAPS; k++) {
        trainer_nap(w->run->comm, o->nap / NAPS);
        if (w->own) TALLY_TRY(tally_store_poll(w->own));
        TALLY_TRY(tally_worker_beat(w));
    }
    return TALLY_OK;
}

static void declare_work(worker *w, tally_samples s)
{
    const tally_server *o = w->run->trainer_options;

    w->work = 0;
    if (w->run->f->ops->cost && w->run->comm->ops->spend)
        w->work = w->run->f->ops->cost(w->run->f, s).flops / o->flops;
}

/* The gradient of a ticket at `at`; announced to `ready` as it is made, unless all of
 * it must be known first. */
static tally_status take_gradient(worker *w, uint64_t ticket, const tally_real *at,
                                  bool announce, tally_score *score)
{
    tally_run *run = w->run;
    bool local = run->clip.ops && tally_clip_scope_of(&run->clip) == TALLY_CLIP_LOCAL;
    bool late = local || !announce;
    tally_listener listener = {late ? NULL : ready, w};
    tally_samples s = tally_ticket_samples(run, ticket, w->rows);
    const tally_server *o = run->trainer_options;
    tally_real *said;
    double norm;

    declare_work(w, s);
    TALLY_TRY(nap(w));
    tally_spend(run->comm, late ? w->work : w->work / 3);
    double busy = trainer_busy(run->comm);
    TALLY_TRY(run->f->ops->gradient(run->f, at, s, w->g, listener, score));
    if (local)
        TALLY_TRY(run->clip.ops->bound(&run->clip, w->g, run->f->layout.length, &norm));
    run->attack.worked = o->nap + w->work + trainer_busy(run->comm) - busy;
    return tally_attack_say(&run->attack, w->taken++, w->g, &said);
}

static void begin_gradient(worker *w, uint64_t ticket)
{
    uint64_t step = ticket / (uint64_t)w->run->workers;

    w->t = (tally_step){.number = w->taken + 1,
                        .rate = tally_schedule_rate(&w->run->schedule, step)};
}

static void add_score(tally_score *sum, const tally_score *one)
{
    sum->loss_sum += one->loss_sum;
    sum->correct += one->correct;
    sum->count += one->count;
}

/* The gradients of a turn, each followed by a step of this worker's own. */
static tally_status take_turn(worker *w, tally_score *sum)
{
    tally_run *run = w->run;
    tally_local *l = &w->local;
    uint64_t left = run->steps * (uint64_t)run->workers - w->ticket;
    uint64_t turn = w->steps->turn(run->consistency_options);

    memcpy(l->start, l->w, run->f->layout.length * sizeof *l->w);
    for (uint64_t k = 0; k < turn && k < left; k++) {
        const tally_real *at = l->w;
        tally_score score = {0};

        begin_gradient(w, w->ticket + k);
        if (w->steps->place) TALLY_TRY(w->steps->place(l, &w->t, &at));
        TALLY_TRY(take_gradient(w, w->ticket + k, at, false, &score));
        TALLY_TRY(w->steps->step(l, &w->t, w->g));
        TALLY_TRY(w->own ? tally_store_poll(w->own) : tally_poll(run->comm));
        TALLY_TRY(tally_worker_beat(w));
        add_score(sum, &score);
    }
    w->steps->say(l, w->g);
    return TALLY_OK;
}

tally_status tally_worker_compute(worker *w, tally_score *score)
{
    tally_comm *c = w->run->comm;
    const tally_server *o = w->run->trainer_options;
    double begin = tally_now(c), busy = trainer_busy(c);
    double asleep = -w->run->attack.lingered - o->nap * (double)w->taken;

    tally_trace_turn(c->trace, "gradient", begin);
    w->next = 0;
    begin_gradient(w, w->ticket);
    if (w->steps)
        TALLY_TRY(take_turn(w, score));
    else
        TALLY_TRY(take_gradient(w, w->ticket, w->w, true, score));
    TALLY_TRY(send_from(w, 0));
    w->computing += tally_now(c) - begin;
    asleep += w->run->attack.lingered + o->nap * (double)w->taken;
    w->starved += trainer_starved(c, begin, busy, asleep);
    return TALLY_OK;
}

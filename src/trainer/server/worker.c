/* worker.c — what a worker of the parameter server does.
 *
 *     until the end
 *         wait       for the weights of every slice, and a ticket
 *         gradient   g <- grad f(w; rows of the ticket)
 *         propose    g <- what this worker wants to say        rule, piece by piece
 *         push       each piece as soon as the backward pass has finished it, through
 *                    the codec (coding.c), then a note: the rows, the weights'
 *                    version, the loss
 *
 * The middle two: gradient.c.  While it computes it says now and then that it is there,
 * between layers; a layer that takes longer than --patience makes it look lost, until
 * it speaks again.  A rank that is a server too serves while it computes and waits. */

#include "trainer/server/worker.h"

#include "comm/comm.h"
#include "comm/trace.h"

#include <string.h>

enum { BEATS_PER_PATIENCE = 4, PATIENCE_WITH_SERVERS = 4 };

static double now(const worker *w)
{
    return tally_now(w->run->comm);
}

static double patience(const worker *w)
{
    return w->run->options->patience;
}

/* ---- signs of life ---- */

tally_status tally_worker_beat(worker *w)
{
    double time = now(w);

    if (time - w->beaten < patience(w) / BEATS_PER_PATIENCE) return TALLY_OK;
    w->beaten = time;
    for (int s = 0; s < w->servers; s++) {
        counter *c = &w->counters[s];
        bool done;

        TALLY_TRY(tally_test(w->run->comm, &c->beat_out, &done, NULL));
        if (done)
            TALLY_TRY(tally_isend(w->run->comm, s, TALLY_TAG(TALLY_CONTROL, TAG_BEAT),
                                  &w->nothing, 0, &c->beat_out));
    }
    return TALLY_OK;
}

static tally_status expect_beat(worker *w, int s)
{
    return tally_irecv(w->run->comm, s, TALLY_TAG(TALLY_CONTROL, TAG_BEAT), &w->nothing,
                       0, &w->counters[s].beat_in);
}

/* ---- waiting for replies ---- */

static tally_status expect_reply(worker *w, int s, bool pulls)
{
    counter *c = &w->counters[s];
    tally_comm *comm = w->run->comm;
    void *to = c->message ? (void *)c->message : w->w + c->slice.first;

    c->pulled = pulls;
    if (pulls && !c->near)
        TALLY_TRY(tally_irecv(comm, s, TALLY_TAG(TALLY_EXCHANGE, TAG_WEIGHTS), to,
                              tally_coding_reply_most(&w->coding, c->slice.count),
                              &c->weights));
    return tally_irecv(comm, s, TALLY_TAG(TALLY_EXCHANGE, TAG_REPLY), &c->reply,
                       sizeof c->reply, &c->note);
}

/* w <- w as the reply says. */
static tally_status read_weights(worker *w, const counter *c)
{
    tally_real *to = w->w + c->slice.first;
    size_t whole = c->slice.count * sizeof *to;

    if (!c->message || !c->pulled) return TALLY_OK;
    if (!c->reply.whole)
        return tally_coding_follow(
            &w->coding, (tally_piece){c->reply.version, c->slice.first, c->slice.count},
            c->message, c->weights.bytes, to);
    memcpy(to, c->message, whole);
    if (w->memory && c->weights.bytes == 2 * whole)
        memcpy(w->memory + c->slice.first, c->message + whole, whole);
    return TALLY_OK;
}

/* Server 0 tells the end even to who was taken for lost; the others may be gone by
 * then.
 */
static bool is_told_the_end(const worker *w)
{
    return !w->counters[0].note.active && w->counters[0].reply.end;
}

static bool has_all(const worker *w)
{
    for (int s = 0; s < w->servers; s++) {
        const counter *c = &w->counters[s];
        bool gone = is_told_the_end(w) && now(w) - c->heard > patience(w);

        if (!gone && (c->note.active || c->weights.active)) return false;
    }
    return true;
}

/* Entry `which` is done: news of a server. */
static tally_status take(worker *w, int which)
{
    int s = which / KINDS;
    counter *c = &w->counters[s];

    c->heard = now(w);
    if (which % KINDS == BEAT) return expect_beat(w, s);
    if (which % KINDS == NOTE && c->reply.end) tally_abandon(w->run->comm, &c->weights);
    return TALLY_OK;
}

/* A server that saves or evaluates is silent for a while, so it gets more time. */
static tally_status look_for_silence(const worker *w)
{
    if (is_told_the_end(w)) return TALLY_OK;
    for (int s = 0; s < w->servers; s++) {
        const counter *c = &w->counters[s];
        double silent = now(w) - c->heard, most = PATIENCE_WITH_SERVERS * patience(w);

        if (silent < most || (!c->note.active && !c->weights.active)) continue;
        return TALLY_FAIL(NETWORK,
                          "server rank %d has been silent for %.3g s: it is gone, and "
                          "the run ends; go on from its last checkpoint with --resume",
                          s, silent);
    }
    return TALLY_OK;
}

static tally_status wait_once(worker *w)
{
    tally_comm *comm = w->run->comm;
    double deadline = now(w) + patience(w) / BEATS_PER_PATIENCE;
    size_t mine = KINDS * (size_t)w->servers, n = mine;
    tally_note note;
    int which;

    if (w->own) n += tally_store_watch(w->own, w->list + mine);
    TALLY_TRY(tally_wait_some(comm, w->list, n, deadline, &which, &note));
    if (which >= (int)mine) tally_trace_do(comm, "serve");
    if (which >= (int)mine)
        TALLY_TRY(tally_store_take(w->own, (size_t)which - mine, &note));
    else if (which >= 0)
        TALLY_TRY(take(w, which));
    if (w->own) TALLY_TRY(tally_store_tick(w->own, true));
    if (which >= (int)mine) tally_trace_do(comm, "wait");
    return look_for_silence(w);
}

static tally_status wait_for_replies(worker *w)
{
    tally_trace *trace = w->run->comm->trace;
    double begin = now(w);

    tally_trace_turn(trace, "wait", begin);
    tally_trace_step(trace, w->clock + 1);
    for (int s = 0; s < w->servers; s++)
        w->counters[s].heard = begin;
    while (!has_all(w))
        TALLY_TRY(wait_once(w));
    double end = now(w);
    tally_trace_turn(trace, "pull", end);
    w->waiting += end - begin;
    /* Whoever was taken for lost hears of the end without an answer to its push. */
    if (w->counters[0].reply.end) return TALLY_OK;
    tally_near_hear();
    for (size_t k = 0; k < w->piece_count; k++) /* long done: it was answered */
        TALLY_TRY(tally_wait(w->run->comm, &w->sends[k], NULL));
    for (int s = 0; s < w->servers; s++) {
        TALLY_TRY(tally_wait(w->run->comm, &w->counters[s].pushed, NULL));
        TALLY_TRY(tally_wait(w->run->comm, &w->counters[s].told, NULL));
        if (w->counters[s].near && w->counters[s].pulled)
            tally_count_read(w->run->comm, s, TALLY_TAG(TALLY_EXCHANGE, TAG_WEIGHTS),
                             w->counters[s].slice.count * sizeof *w->w);
        TALLY_TRY(read_weights(w, &w->counters[s]));
    }
    w->ticket = w->counters[0].reply.ticket;
    return TALLY_OK;
}

/* ---- pushes ---- */

/* What its pushes left out, for a checkpoint: when a server asked for it. */
static tally_status tell_memory(worker *w, int s)
{
    counter *c = &w->counters[s];

    if (!c->reply.remember || !w->memory) return TALLY_OK;
    return tally_isend(w->run->comm, s, TALLY_TAG(TALLY_EXCHANGE, TAG_MEMORY),
                       w->memory + c->slice.first, c->slice.count * sizeof *w->memory,
                       &c->told);
}

/* The last words: a server that does not listen any more is not waited for. */
static tally_status tell_last_memories(worker *w)
{
    double deadline = now(w) + patience(w);

    for (int s = 0; s < w->servers; s++) {
        w->counters[s].reply.remember = w->counters[0].reply.remember;
        TALLY_TRY(tell_memory(w, s));
    }
    for (int s = 0; s < w->servers; s++) {
        tally_request *told = &w->counters[s].told;
        int which;

        TALLY_TRY(tally_wait_some(w->run->comm, &told, 1, deadline, &which, NULL));
    }
    return TALLY_OK;
}

static bool pulls_next(const worker *w)
{
    return !w->steps || !w->steps->pulls ||
           w->steps->pulls(w->run->consistency_options, w->clock + 1);
}

static tally_status push(worker *w)
{
    tally_score score = {0};
    bool pulls = pulls_next(w);

    TALLY_TRY(tally_worker_compute(w, &score));
    tally_trace_do(w->run->comm, "push");
    tally_near_tell();
    for (int s = 0; s < w->servers; s++) {
        counter *c = &w->counters[s];

        c->push = (tally_push){.layout = tally_layout_hash(&w->run->f->layout),
                               .clock = w->clock,
                               .ticket = w->ticket,
                               .version = c->reply.version,
                               .pulls = pulls,
                               .score = score,
                               .computing = w->computing,
                               .starved = w->starved,
                               .waiting = w->waiting};
        TALLY_TRY(tell_memory(w, s));
        TALLY_TRY(expect_reply(w, s, pulls));
        TALLY_TRY(tally_isend(w->run->comm, s, TALLY_TAG(TALLY_EXCHANGE, TAG_PUSH),
                              &c->push, sizeof c->push, &c->pushed));
    }
    w->clock++;
    return TALLY_OK;
}

static tally_status work(worker *w)
{
    w->beaten = now(w);
    for (int s = 0; s < w->servers; s++) {
        TALLY_TRY(expect_beat(w, s));
        TALLY_TRY(expect_reply(w, s, true));
    }
    TALLY_TRY(wait_for_replies(w));
    while (!w->counters[0].reply.end) {
        TALLY_TRY(push(w));
        TALLY_TRY(wait_for_replies(w));
    }
    if (w->counters[0].reply.lost) w->run->comm->ragged = true;
    return tell_last_memories(w);
}

tally_status tally_work(tally_run *run, const tally_near *near, tally_store *own)
{
    worker w = {.run = run, .near = near, .own = own, .servers = run->holders};
    tally_status status = tally_worker_open(&w);

    if (!status) status = work(&w);
    tally_trace_do(run->comm, "finish");
    tally_worker_hang_up(&w);
    tally_worker_close(&w);
    return status;
}

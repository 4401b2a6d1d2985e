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
 * With local steps (local.h) a turn is several gradients, taken at weights that the
 * worker moves itself, and what is pushed is known at its end.
 *
 * A clip of scope local needs all of g, and then nothing leaves before the end.  While
 * it computes it says now and then that it is there, between layers; a layer that takes
 * longer than --patience makes it look lost, until it speaks again.
 *
 * A rank that is a server too serves between the layers of the backward pass, and while
 * it waits. */

#include "trainer/nap.h"
#include "trainer/server/local.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BEATS_PER_PATIENCE = 4, PATIENCE_WITH_SERVERS = 4, NAPS = 8 };

/* A server as a worker sees it. */
typedef struct counter {
    tally_span slice;
    bool near;              /* it sees our weights and our gradient */
    unsigned char *message; /* owned: weights through the codec; NULL: not coded */
    bool pulled;            /* weights come with the reply */
    tally_reply reply;
    tally_push push;
    tally_request weights, note, pushed, told, beat_in, beat_out;
    double heard;
} counter;

typedef struct worker {
    tally_run *run;
    const tally_near *near;
    tally_store *own; /* borrowed, as is near: the server on this rank, or NULL */
    int servers;
    counter *counters;    /* owned: one per server */
    tally_span *pieces;   /* owned: of all slices, in the order they leave */
    int *to;              /* owned: beside it, which server */
    tally_request *sends; /* owned: beside it */
    size_t piece_count, next;
    tally_coding coding;
    unsigned char **coded;     /* owned, and what it points at: the pieces' messages */
    tally_real *memory;        /* owned: what pushes left out; NULL: not kept */
    tally_request **list;      /* owned: what it waits for, its own server's last */
    tally_real *w, *g;         /* the weights it works at, and the gradient there */
    tally_real *own_w, *own_g; /* owned: room for those; NULL: elsewhere */
    uint64_t *rows;            /* owned */
    tally_step t;
    const tally_local_ops *steps; /* NULL: a push is one gradient */
    tally_local local;
    uint64_t clock, ticket, taken; /* pushes so far; at hand; gradients so far */
    double work; /* declared seconds of the gradient, for simulated comms; else 0 */
    double computing, waiting, beaten;
    char nothing;
} worker;

static double now(const worker *w)
{
    return tally_now(w->run->comm);
}

static double patience(const worker *w)
{
    return w->run->options->patience;
}

/* ---- signs of life ---- */

static tally_status beat(worker *w)
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

enum { NOTE, WEIGHTS, BEAT, KINDS }; /* entries of a server in the list */

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
    if (which >= (int)mine)
        TALLY_TRY(tally_store_take(w->own, (size_t)which - mine, &note));
    else if (which >= 0)
        TALLY_TRY(take(w, which));
    if (w->own) TALLY_TRY(tally_store_tick(w->own, true));
    return look_for_silence(w);
}

static tally_status wait_for_replies(worker *w)
{
    double begin = now(w);

    for (int s = 0; s < w->servers; s++)
        w->counters[s].heard = begin;
    while (!has_all(w))
        TALLY_TRY(wait_once(w));
    w->waiting += now(w) - begin;
    /* Whoever was taken for lost hears of the end without an answer to its push. */
    if (w->counters[0].reply.end) return TALLY_OK;
    tally_near_hear();
    for (size_t k = 0; k < w->piece_count; k++) /* long done: it was answered */
        TALLY_TRY(tally_wait(w->run->comm, &w->sends[k], NULL));
    for (int s = 0; s < w->servers; s++) {
        TALLY_TRY(tally_wait(w->run->comm, &w->counters[s].pushed, NULL));
        TALLY_TRY(tally_wait(w->run->comm, &w->counters[s].told, NULL));
        TALLY_TRY(read_weights(w, &w->counters[s]));
    }
    w->ticket = w->counters[0].reply.ticket;
    return TALLY_OK;
}

/* ---- gradient and push ---- */

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
    if (w->counters[w->to[k]].near) return TALLY_OK;
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
    TALLY_TRY(w->own ? tally_store_poll(w->own) : tally_poll(w->run->comm));
    TALLY_TRY(beat(w));
    while (w->next < w->piece_count && w->pieces[w->next].first >= first)
        TALLY_TRY(send_piece(w, w->next++));
    return TALLY_OK;
}

/* The backward pass is two thirds of the work, spread over the weights. */
static tally_status ready(void *context, tally_span s)
{
    worker *w = context;
    double share = (double)s.count / (double)w->run->f->layout.length;

    tally_spend(w->run->comm, w->work * 2 / 3 * share);
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
        TALLY_TRY(beat(w));
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
    double busy = trainer_busy(run->comm);
    tally_spend(run->comm, late ? w->work : w->work / 3);
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
        TALLY_TRY(beat(w));
        add_score(sum, &score);
    }
    w->steps->say(l, w->g);
    return TALLY_OK;
}

static tally_status compute(worker *w, tally_score *score)
{
    double begin = now(w);

    w->next = 0;
    begin_gradient(w, w->ticket);
    if (w->steps)
        TALLY_TRY(take_turn(w, score));
    else
        TALLY_TRY(take_gradient(w, w->ticket, w->w, true, score));
    TALLY_TRY(send_from(w, 0));
    w->computing += now(w) - begin;
    return TALLY_OK;
}

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

    TALLY_TRY(compute(w, &score));
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

/* ---- open and close ---- */

/* The pieces of all slices by falling coordinate: as the backward pass ends them. */
static void cut_into_pieces(worker *w, const tally_span *slices)
{
    const tally_run *run = w->run;

    for (int s = w->servers; s-- > 0;) {
        size_t n = tally_slice_pieces(run->plan, run->plan_count, slices[s],
                                      w->pieces + w->piece_count);

        w->counters[s].slice = slices[s];
        for (size_t k = 0; k < n; k++)
            w->to[w->piece_count++] = s;
    }
}

static void list_requests(worker *w)
{
    for (int s = 0; s < w->servers; s++) {
        tally_request **at = w->list + KINDS * s;

        at[NOTE] = &w->counters[s].note;
        at[WEIGHTS] = &w->counters[s].weights;
        at[BEAT] = &w->counters[s].beat_in;
    }
}

static tally_status open_coding(worker *w)
{
    size_t longest = 0, slice = 0;

    for (size_t k = 0; k < w->piece_count; k++)
        if (w->pieces[k].count > longest) longest = w->pieces[k].count;
    for (int s = 0; s < w->servers; s++)
        if (w->counters[s].slice.count > slice) slice = w->counters[s].slice.count;
    TALLY_TRY(tally_coding_open(&w->coding, w->run, longest, slice));
    if (!w->coding.coded) return TALLY_OK;
    bool good = (w->coded = calloc(w->piece_count + 1, sizeof *w->coded)) != NULL;
    for (size_t k = 0; good && k < w->piece_count; k++) {
        size_t most = tally_coding_push_most(&w->coding, w->pieces[k].count);

        good = (w->coded[k] = tally_allocate(most + 1, 1)) != NULL;
    }
    for (int s = 0; good && s < w->servers; s++) {
        counter *c = &w->counters[s];
        size_t most = tally_coding_reply_most(&w->coding, c->slice.count);

        good = (c->message = tally_allocate(most + 1, 1)) != NULL;
    }
    if (good && tally_coding_remembers(&w->coding))
        good = (w->memory = tally_allocate(w->run->f->layout.length,
                                           sizeof *w->memory)) != NULL;
    return good ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory to code gradients");
}

static void close_coding(worker *w)
{
    for (size_t k = 0; w->coded && k < w->piece_count; k++)
        free(w->coded[k]);
    for (int s = 0; w->counters && s < w->servers; s++)
        free(w->counters[s].message);
    free(w->coded);
    free(w->memory);
    tally_coding_close(&w->coding);
}

/* A server on this rank has the run's own weights. */
static void open_vectors(worker *w)
{
    const tally_run *run = w->run;
    size_t length = run->f->layout.length;
    int rank = run->comm->rank;

    w->g = tally_near_gradient(w->near, rank);
    w->w = tally_near_weights(w->near, rank);
    if (!w->g) w->g = w->own_g = tally_allocate(length, sizeof *w->g);
    if (!w->w && w->own) w->w = w->own_w = tally_allocate(length, sizeof *w->w);
    if (!w->w && !w->own) w->w = run->w;
    for (int s = 0; s < w->servers; s++)
        w->counters[s].near = tally_near_sees(w->near, s);
}

static tally_status open(worker *w)
{
    const tally_run *run = w->run;
    size_t n = (size_t)w->servers, most = run->plan_count + n;
    size_t watched = KINDS * n + (w->own ? tally_store_watch_most(w->own) : 0);
    tally_span *slices = calloc(n, sizeof *slices);

    w->counters = calloc(n, sizeof *w->counters);
    w->pieces = calloc(most, sizeof *w->pieces);
    w->to = calloc(most, sizeof *w->to);
    w->sends = calloc(most, sizeof *w->sends);
    w->list = calloc(watched, sizeof *w->list);
    w->rows = tally_allocate(run->sampler.batch, sizeof *w->rows);
    if (w->counters) open_vectors(w);
    if (!slices || !w->counters || !w->pieces || !w->to || !w->sends || !w->list ||
        !w->w || !w->g || !w->rows) {
        free(slices);
        return TALLY_FAIL(MEMORY, "no memory for the gradient of %zu weights",
                          run->f->layout.length);
    }
    tally_slices(&run->f->layout, w->servers, slices);
    cut_into_pieces(w, slices);
    list_requests(w);
    free(slices);
    w->steps = tally_consistency_of(run)->local;
    if (w->steps) TALLY_TRY(tally_local_open(&w->local, w->run, w->w));
    return open_coding(w);
}

static void hang_up(worker *w)
{
    tally_comm *comm = w->run->comm;

    for (int s = 0; w->counters && s < w->servers; s++) {
        counter *c = &w->counters[s];

        tally_abandon(comm, &c->weights);
        tally_abandon(comm, &c->note);
        tally_abandon(comm, &c->pushed);
        tally_abandon(comm, &c->told);
        tally_abandon(comm, &c->beat_in);
        tally_abandon(comm, &c->beat_out);
    }
    for (size_t k = 0; k < w->piece_count; k++)
        tally_abandon(comm, &w->sends[k]);
}

static void close(worker *w)
{
    close_coding(w);
    tally_local_close(&w->local);
    free(w->counters);
    free(w->pieces);
    free(w->to);
    free(w->sends);
    free(w->list);
    free(w->own_w);
    free(w->own_g);
    free(w->rows);
}

tally_status tally_work(tally_run *run, const tally_near *near, tally_store *own)
{
    worker w = {.run = run, .near = near, .own = own, .servers = run->holders};
    tally_status status = open(&w);

    if (!status) status = work(&w);
    hang_up(&w);
    close(&w);
    return status;
}

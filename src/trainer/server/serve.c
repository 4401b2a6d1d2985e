/* serve.c — the messages of a server: receives that are always posted, replies that go
 * out when a worker may start.
 *
 *     from each worker   its next piece, or the note after the last
 *                        heartbeats while it computes
 *     to each worker     a note, and the slice as it is now
 *
 * With a worker of the same node the notes alone are messages (near.c).  A worker has
 * at most one push under way, which bounds memory and queues.  What it is sent is a
 * copy, so the weights go on changing while it travels.  Nothing blocks on one worker:
 * a dead rank costs its seat (faults.c). */

#include "trainer/server/serve.h"

#include "base/status.h"
#include "trainer/report.h"
#include "trainer/server/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t STEP = SIZE_MAX, LOSS = SIZE_MAX - 1;

double tally_store_now(const tally_store *s)
{
    return tally_now(s->run->comm);
}

double tally_store_patience(const tally_store *s)
{
    return s->run->options->patience;
}

void tally_store_warn(const tally_store *s, const char *sentence)
{
    const tally_observer *o = &s->run->observer;

    if (o->warned) o->warned(o->context, sentence);
}

/* ---- to a worker ---- */

static bool is_coded(const tally_store *s)
{
    return s->coding.coded;
}

static tally_status expect_piece(tally_store *s, tally_seat *p, size_t k)
{
    tally_span piece = s->pieces[k];
    void *to = p->inbox + (piece.first - s->slice.first);

    if (is_coded(s)) to = p->coded + s->piece_at[k];
    TALLY_TRY(tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE),
                          to, tally_coding_push_most(&s->coding, piece.count),
                          &p->pieces[k]));
    p->pieces[k].cuts = true;
    return TALLY_OK;
}

static tally_status expect_push(tally_store *s, tally_seat *p)
{
    p->arrived = 0;
    p->finite = p->complete = true;
    p->garbled = false;
    for (size_t k = 0; k < p->piece_count; k++)
        TALLY_TRY(expect_piece(s, p, k));
    TALLY_TRY(tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PUSH),
                          &p->push, sizeof p->push, &p->note));
    p->note.cuts = true;
    return p->reply.remember ? tally_recall_expect(s, p) : TALLY_OK;
}

/* Workers go on from weights of their own, which are in p->sent already. */
static bool is_own(const tally_store *s)
{
    return s->consistency->local && s->consistency->local->own;
}

/* The first reply of a session through a codec: the weights, or what p knew of them
 * when the run was saved, and what it remembered. */
static tally_status fill_first(tally_store *s, tally_seat *p, const tally_real *at,
                               const void **message, size_t *bytes)
{
    tally_piece slice = {s->version, s->slice.first, s->slice.count};
    size_t whole = *bytes;
    bool answered;

    if (!tally_recall_load(s, p, &answered)) {
        memcpy(p->sent, at, whole);
        return TALLY_OK;
    }
    if (!answered)
        TALLY_TRY(
            tally_coding_reply(&s->coding, slice, at, p->sent, p->message, bytes));
    memcpy(p->message, p->sent, whole);
    if (p->left) memcpy(p->message + whole, p->left, whole);
    *message = p->message;
    *bytes = p->left ? 2 * whole : whole;
    return TALLY_OK;
}

/* Writes the weights for p, as they are or through the codec.  A rule with a place of
 * its own sends workers there. */
static tally_status fill_reply(tally_store *s, tally_seat *p, const void **message,
                               size_t *bytes)
{
    tally_step t = {.number = s->version + 1};
    tally_piece slice = {s->version, s->slice.first, s->slice.count};
    const tally_real *at;

    *message = p->sent;
    *bytes = s->slice.count * sizeof *p->sent;
    if (is_own(s) && p->knows) return TALLY_OK;
    if (p->holds == s->version && !is_coded(s)) return TALLY_OK;
    TALLY_TRY(tally_rule_place(&s->run->rule, &t, s->live, s->room, &at));
    at += s->slice.first;
    if (is_coded(s) && p->knows) {
        *message = p->message;
        return tally_coding_reply(&s->coding, slice, at, p->sent, p->message, bytes);
    }
    if (is_coded(s)) return fill_first(s, p, at, message, bytes);
    memcpy(p->sent, at, *bytes);
    return TALLY_OK;
}

static tally_status send_weights(tally_store *s, tally_seat *p)
{
    const void *message;
    size_t bytes;

    p->version = p->reply.version = s->version;
    p->reply.whole = !is_coded(s) || !p->knows;
    TALLY_TRY(fill_reply(s, p, &message, &bytes));
    if (p->near)
        tally_near_tell();
    else
        TALLY_TRY(tally_isend(s->run->comm, p->rank,
                              TALLY_TAG(TALLY_EXCHANGE, TAG_WEIGHTS), message, bytes,
                              &p->sends[0]));
    p->knows = true;
    s->tale->bytes_replied += bytes;
    return TALLY_OK;
}

static tally_status send_reply(tally_store *s, tally_seat *p, bool end)
{
    p->reply = (tally_reply){.version = p->version,
                             .ticket = p->ticket,
                             .end = end,
                             .remember = end ? tally_recall_asks_at_the_end(s)
                                             : tally_recall_is_due(s, p->ticket),
                             .lost = (uint32_t)s->tale->lost};
    bool pulls = p->push.pulls || !p->knows;
    if (!end) TALLY_TRY(expect_push(s, p));
    if (!end && pulls) TALLY_TRY(send_weights(s, p));
    TALLY_TRY(tally_isend(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_REPLY),
                          &p->reply, sizeof p->reply, &p->sends[1]));
    p->presence = end ? GONE : WORKING;
    p->heard = tally_store_now(s);
    return TALLY_OK;
}

bool tally_store_coordinates(const tally_store *s)
{
    return s->index == 0;
}

bool tally_store_all_settled(const tally_store *s)
{
    return s->tickets.settled == s->tickets.end;
}

bool tally_store_anyone_works(const tally_store *s)
{
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence == WORKING) return true;
    return false;
}

static bool may_start(tally_store *s, tally_seat *p)
{
    bool over = tally_store_all_settled(s) || s->stopping;

    if (over && !tally_store_coordinates(s)) return true;
    return s->consistency->may_start(s, p) && tally_store_deal(s, p);
}

static tally_status reply(tally_store *s, tally_seat *p)
{
    bool over = tally_store_all_settled(s) || s->stopping;
    bool end = over && tally_store_coordinates(s);
    uint64_t slowest = tally_store_slowest(s);

    if (end ? tally_store_anyone_works(s) : !may_start(s, p)) return TALLY_OK;
    if (!end && p->clock > slowest && p->clock - slowest > s->tale->lead_most)
        s->tale->lead_most = p->clock - slowest;
    return send_reply(s, p, end);
}

tally_status tally_store_reply_to_all(tally_store *s)
{
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence == PARKED) TALLY_TRY(reply(s, &s->seats[m]));
    return TALLY_OK;
}

/* ---- from a worker ---- */

tally_status tally_store_take_push(tally_store *s, tally_seat *p)
{
    const char *fault = tally_store_find_fault(s, p);

    TALLY_TRY(tally_arrivals_note(&s->arrivals, TALLY_PUSHED, (int)(p - s->seats)));
    for (int k = 0; k < 2; k++) /* long done: it was answered */
        TALLY_TRY(tally_wait(s->run->comm, &p->sends[k], NULL));
    p->presence = PARKED;
    p->ready = false;
    p->clock++;
    /* One that was given up with a loss, and came all the same, is not counted twice.
     */
    if (p->push.clock + 1 != p->taken) p->taken++;
    if (fault) {
        TALLY_TRY(tally_store_refuse(s, p, fault));
    } else {
        s->in_vain = 0;
        p->tale->computing = p->push.computing;
        p->tale->waiting = p->push.waiting;
        p->tale->speed += (double)p->push.score.count;
        p->ticket = p->push.ticket;
        TALLY_TRY(s->consistency->arrive(s, p));
    }
    p->last = p->push.ticket;
    return tally_store_reply_to_all(s);
}

/* Bytes that the codec cannot have written are the worker's fault, not ours. */
static tally_status decode_piece(tally_store *s, tally_seat *p, size_t k, size_t bytes)
{
    tally_span piece = s->pieces[k];
    tally_status status = tally_codec_decode(
        &s->coding.up, (tally_piece){p->version, piece.first, piece.count},
        p->coded + s->piece_at[k], bytes, p->inbox + (piece.first - s->slice.first));

    if (status != TALLY_FORMAT) return status;
    p->garbled = true;
    tally_error_clear();
    return TALLY_OK;
}

static tally_status take_piece(tally_store *s, tally_seat *p, size_t bytes)
{
    size_t k = p->arrived++;
    tally_span piece = s->pieces[k];

    s->tale->bytes_pushed += bytes;
    if (is_coded(s))
        TALLY_TRY(decode_piece(s, p, k, bytes));
    else if (bytes != piece.count * sizeof(tally_real))
        p->complete = false;
    if (!tally_all_finite(p->inbox + (piece.first - s->slice.first), piece.count))
        p->finite = false;
    return TALLY_OK;
}

/* The note of a near worker comes once all of its gradient is there. */
static void look_at_all(tally_store *s, tally_seat *p)
{
    tally_near_hear();
    s->tale->bytes_pushed += s->slice.count * sizeof *p->inbox;
    p->finite = tally_all_finite(p->inbox, s->slice.count);
}

tally_status tally_store_tick(tally_store *s, bool steps)
{
    TALLY_TRY(tally_store_beat(s));
    TALLY_TRY(tally_store_look_for_silence(s));
    return steps && !s->reporting ? tally_store_report(s) : TALLY_OK;
}

/* ---- waiting ---- */

size_t tally_store_watch_most(const tally_store *s)
{
    return 2 * (size_t)s->count + 2;
}

/* Steps that are done but not reported bound what may come in. */
static bool is_full(const tally_store *s)
{
    return tally_store_step(s) - s->run->step >= SCORES_KEPT - 1 &&
           tally_store_coordinates(s);
}

size_t tally_store_watch(tally_store *s, tally_request **list)
{
    size_t *whose = s->wire->whose, n = 0;

    for (int k = 0; k < s->count && !is_full(s); k++) {
        int m = (int)((s->tale->pushes + (uint64_t)k) % (uint64_t)s->count);
        tally_seat *p = &s->seats[m];
        tally_request *next = p->arrived < p->piece_count ? &p->pieces[p->arrived]
                              : p->left_due               ? &p->left_in
                                                          : &p->note;

        if (next->active) {
            list[n] = next;
            whose[n++] = 2 * (size_t)m;
        }
        list[n] = &p->beat_in;
        whose[n++] = 2 * (size_t)m + 1;
    }
    if (s->wire->step_in.active) {
        list[n] = &s->wire->step_in;
        whose[n++] = STEP;
    }
    if (s->wire->loss_in.active) {
        list[n] = &s->wire->loss_in;
        whose[n++] = LOSS;
    }
    return n;
}

static tally_status expect_beat(tally_store *s, tally_seat *p)
{
    TALLY_TRY(tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_CONTROL, TAG_BEAT),
                          &s->wire->nothing, 0, &p->beat_in));
    p->beat_in.cuts = true;
    return TALLY_OK;
}

tally_status tally_store_take(tally_store *s, size_t which, const tally_note *what)
{
    size_t whose = s->wire->whose[which];

    if (whose == STEP) {
        s->wire->step_due = true;
        return TALLY_OK;
    }
    if (whose == LOSS) return tally_store_follow_loss(s);
    tally_seat *p = &s->seats[whose / 2];
    TALLY_TRY(tally_store_heard(s, p));
    if (whose % 2 == 1) return expect_beat(s, p);
    if (p->arrived < p->piece_count) return take_piece(s, p, what->bytes);
    if (p->left_due) {
        tally_recall_take(s, p, what->bytes);
        return TALLY_OK;
    }
    if (!p->reply.remember) p->left_good = false;
    if (what->bytes != sizeof p->push) {
        p->complete = false;
        p->push = (tally_push){.pulls = 1}; /* nothing that it says is to be trusted */
    }
    if (p->near) look_at_all(s, p);
    p->ready = true;
    return s->arrivals.replays ? tally_store_replay(s) : tally_store_take_push(s, p);
}

/* Takes what comes first before the deadline; *any: something did. */
static tally_status wait_once(tally_store *s, double deadline, bool *any)
{
    tally_request **list = s->wire->watched;
    size_t n = tally_store_watch(s, list);
    tally_note note;
    double begin = tally_store_now(s);
    int which;

    TALLY_TRY(tally_wait_some(s->run->comm, list, n, deadline, &which, &note));
    s->idle += tally_store_now(s) - begin;
    *any = which >= 0;
    return *any ? tally_store_take(s, (size_t)which, &note) : TALLY_OK;
}

tally_status tally_store_poll(tally_store *s)
{
    bool any = true;

    while (any && !is_full(s))
        TALLY_TRY(wait_once(s, 0, &any));
    return tally_store_tick(s, false);
}

/* ---- the loop ---- */

static bool is_over(const tally_store *s)
{
    if (!tally_store_coordinates(s)) return s->wire->ended;
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence != GONE && s->seats[m].presence != LOST) return false;
    return tally_store_all_settled(s) && s->run->step == s->run->steps;
}

tally_status tally_store_serve(tally_store *s)
{
    while (!is_over(s)) {
        bool any;

        TALLY_TRY(wait_once(
            s, tally_store_now(s) + tally_store_patience(s) / BEATS_PER_PATIENCE,
            &any));
        TALLY_TRY(tally_store_tick(s, true));
    }
    return TALLY_OK;
}

static tally_status breathe(tally_run *run)
{
    return tally_store_poll(run->held);
}

/* ---- start and end ---- */

static tally_status open_wire(tally_store *s)
{
    struct tally_wire *w = calloc(1, sizeof *w);

    s->wire = w;
    if (!w) return TALLY_FAIL(MEMORY, "no memory for the messages of a server");
    w->watched = calloc(tally_store_watch_most(s), sizeof *w->watched);
    w->whose = calloc(tally_store_watch_most(s), sizeof *w->whose);
    w->step_out = calloc((size_t)s->servers, sizeof *w->step_out);
    w->steps_sent = calloc((size_t)s->servers, sizeof *w->steps_sent);
    w->loss_out = calloc((size_t)s->servers, sizeof *w->loss_out);
    w->losses_sent = calloc((size_t)s->servers, sizeof *w->losses_sent);
    if (!w->watched || !w->whose || !w->step_out || !w->steps_sent || !w->loss_out ||
        !w->losses_sent)
        return TALLY_FAIL(MEMORY, "no memory for the messages of a server");
    return TALLY_OK;
}

/* Room for messages, each on a cache line of its own. */
static size_t stride(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static tally_status open_coding(tally_store *s)
{
    size_t longest = 0, bytes = 0, reply = 0;

    for (size_t k = 0; k < s->piece_count; k++)
        if (s->pieces[k].count > longest) longest = s->pieces[k].count;
    TALLY_TRY(tally_coding_open(&s->coding, s->run, longest, s->slice.count));
    if (!is_coded(s)) return TALLY_OK;
    s->piece_at = calloc(s->piece_count + 1, sizeof *s->piece_at);
    if (!s->piece_at) return TALLY_FAIL(MEMORY, "no memory for a server's messages");
    for (size_t k = 0; k < s->piece_count; k++) {
        s->piece_at[k] = bytes;
        bytes += stride(tally_coding_push_most(&s->coding, s->pieces[k].count));
    }
    reply = tally_coding_reply_most(&s->coding, s->slice.count);
    bool remembers = tally_coding_remembers(&s->coding);
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];

        p->coded = tally_allocate(bytes + 1, 1);
        p->message = tally_allocate(reply + 1, 1);
        if (remembers) p->left = tally_allocate(s->slice.count + 1, sizeof *p->left);
        if (!p->coded || !p->message || (remembers && !p->left))
            return TALLY_FAIL(MEMORY, "no memory for the messages of %d workers",
                              s->count);
    }
    return TALLY_OK;
}

static void close_coding(tally_store *s)
{
    for (int m = 0; s->seats && m < s->count; m++) {
        free(s->seats[m].coded);
        free(s->seats[m].message);
        free(s->seats[m].left);
        s->seats[m].coded = s->seats[m].message = NULL;
        s->seats[m].left = NULL;
    }
    free(s->piece_at);
    s->piece_at = NULL;
    tally_coding_close(&s->coding);
}

tally_status tally_store_start(tally_store *s)
{
    tally_run *run = s->run;

    TALLY_TRY(open_wire(s));
    TALLY_TRY(open_coding(s));
    run->held = s;
    run->snapshot = tally_store_snapshot;
    run->breathe = breathe;
    s->begun = s->beaten = tally_store_now(s);
    if (!tally_store_coordinates(s)) TALLY_TRY(tally_store_expect_step(s));
    if (!tally_store_coordinates(s)) TALLY_TRY(tally_store_expect_loss(s));
    for (int m = 0; m < s->count; m++)
        TALLY_TRY(expect_beat(s, &s->seats[m]));
    TALLY_TRY(tally_store_reply_to_all(s));
    return s->arrivals.replays ? tally_store_replay(s) : TALLY_OK;
}

/* A last word to those that were silent, should they listen again, and nothing is
 * waited for that they would have to do. */
static tally_status say_the_end(tally_store *s)
{
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];
        bool done;

        for (int k = 0; k < 2 && p->presence != LOST; k++)
            TALLY_TRY(tally_wait(s->run->comm, &p->sends[k], NULL));
        TALLY_TRY(tally_test(s->run->comm, &p->sends[1], &done, NULL));
        if (p->presence != LOST || !done) continue;
        p->reply = (tally_reply){.end = 1, .lost = (uint32_t)s->tale->lost};
        TALLY_TRY(tally_isend(s->run->comm, p->rank,
                              TALLY_TAG(TALLY_EXCHANGE, TAG_REPLY), &p->reply,
                              sizeof p->reply, &p->sends[1]));
    }
    for (int r = 1; r < s->servers; r++)
        TALLY_TRY(tally_wait(s->run->comm, &s->wire->step_out[r], NULL));
    return TALLY_OK;
}

tally_status tally_store_finish(tally_store *s)
{
    tally_run *run = s->run;
    double seconds = tally_store_now(s) - s->begun;

    TALLY_TRY(tally_store_tell_the_end(s));
    TALLY_TRY(say_the_end(s));
    TALLY_TRY(tally_arrivals_finish(&s->arrivals));
    TALLY_TRY(tally_store_snapshot(run));
    if (s->tale->lost) run->comm->ragged = true;
    TALLY_TRY(tally_store_sum_up(s, seconds));
    return TALLY_OK;
}

static void hang_up_on(tally_comm *c, tally_seat *p)
{
    for (size_t k = 0; p->pieces && k < p->piece_count; k++)
        tally_abandon(c, &p->pieces[k]);
    tally_abandon(c, &p->note);
    tally_abandon(c, &p->left_in);
    tally_abandon(c, &p->beat_in);
    tally_abandon(c, &p->beat_out);
    for (int k = 0; k < 2; k++)
        tally_abandon(c, &p->sends[k]);
}

void tally_store_hang_up(tally_store *s)
{
    tally_comm *c = s->run ? s->run->comm : NULL;
    struct tally_wire *w = s->wire;

    if (!w) return;
    s->run->snapshot = s->run->breathe = NULL;
    for (int m = 0; m < s->count; m++)
        hang_up_on(c, &s->seats[m]);
    for (int r = 0; w->step_out && r < s->servers; r++)
        tally_abandon(c, &w->step_out[r]);
    for (int r = 0; w->loss_out && r < s->servers; r++)
        tally_abandon(c, &w->loss_out[r]);
    tally_abandon(c, &w->loss_in);
    tally_abandon(c, &w->step_in);
    close_coding(s);
    free(w->watched);
    free(w->whose);
    free(w->step_out);
    free(w->steps_sent);
    free(w->loss_out);
    free(w->losses_sent);
    free(w);
    s->wire = NULL;
}

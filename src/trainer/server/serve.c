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

#include "comm/trace.h"

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
    return tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_CONTROL, TAG_BEAT),
                       &s->wire->nothing, 0, &p->beat_in);
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
    if (p->arrived < p->piece_count) return tally_store_take_piece(s, p, what->bytes);
    if (p->left_due) {
        tally_recall_take(s, p, what->bytes);
        return TALLY_OK;
    }
    if (!p->reply.remember) p->left_good = false;
    if (what->bytes != sizeof p->push) {
        p->complete = false;
        p->push = (tally_push){.pulls = 1}; /* nothing that it says is to be trusted */
    }
    if (p->near) tally_store_look_at_all(s, p);
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
    double end = tally_store_now(s);
    if (deadline > 0) tally_trace_interrupt(s->run->comm->trace, "wait", begin, end);
    s->idle += end - begin;
    *any = which >= 0;
    return *any ? tally_store_take(s, (size_t)which, &note) : TALLY_OK;
}

tally_status tally_store_poll(tally_store *s)
{
    const char *before = tally_trace_do(s->run->comm, "serve");
    bool any = true;

    while (any && !is_full(s))
        TALLY_TRY(wait_once(s, 0, &any));
    tally_trace_do(s->run->comm, before);
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
    tally_trace_do(s->run->comm, "serve");
    while (!is_over(s)) {
        bool any;

        tally_trace_step(s->run->comm->trace, tally_store_step(s) + 1);
        TALLY_TRY(wait_once(
            s, tally_store_now(s) + tally_store_patience(s) / BEATS_PER_PATIENCE,
            &any));
        TALLY_TRY(tally_store_tick(s, true));
    }
    tally_trace_do(s->run->comm, "finish");
    return TALLY_OK;
}

static tally_status breathe(tally_run *run)
{
    return tally_store_poll(run->held);
}

/* ---- start and end ---- */

tally_status tally_store_start(tally_store *s)
{
    tally_run *run = s->run;

    TALLY_TRY(tally_store_open_wire(s));
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

/* serve.c — the messages of a server: receives that are always posted, replies that go
 * out when a worker may start, a clock that tells who is silent.
 *
 *     from each worker   its next piece, or the note after the last
 *                        heartbeats while it computes
 *     to each worker     a note, and the slice as it is now
 *                        heartbeats, so that it knows we are here
 *     server 0           to the other servers: a step is done, observe it with me
 *
 * A worker has at most one push under way, which bounds memory and queues.  What it is
 * sent is a copy, so the weights go on changing while it travels.  Nothing blocks on
 * one worker: a dead rank costs its seat.  Only a lone server goes on without a worker;
 * several would have to agree on who is lost. */

#include "base/status.h"
#include "base/stop.h"
#include "trainer/report.h"
#include "trainer/server/server.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEATS_PER_PATIENCE = 4, REFUSALS_MOST = 8 };

/* Server 0's word that a step is done, or all of them. */
typedef struct step_note {
    uint64_t step;
    uint64_t pushes; /* that it had taken in by then: the others wait for as many */
    double rate;
    tally_score score;
    uint32_t stop, end;
} step_note;

struct tally_wire {
    tally_request **watched; /* owned: room for tally_store_watch_most */
    size_t *whose;           /* owned: beside it; 2 m + (0 push, 1 beat), or STEP */
    tally_request step_in, *step_out; /* step_out: owned, one per server */
    step_note step, *steps_sent;      /* owned: one per server */
    bool step_due, ended;
    char nothing; /* what a heartbeat carries: no bytes of it */
};

static const size_t STEP = SIZE_MAX;

static double now(const tally_store *s)
{
    return tally_now(s->run->comm);
}

static double patience(const tally_store *s)
{
    return s->run->options->patience;
}

static void warn(const tally_store *s, const char *sentence)
{
    const tally_observer *o = &s->run->observer;

    if (o->warned) o->warned(o->context, sentence);
}

/* ---- to a worker ---- */

static tally_status expect_push(tally_store *s, tally_seat *p)
{
    tally_comm *c = s->run->comm;

    p->arrived = 0;
    p->finite = p->complete = true;
    for (size_t k = 0; k < s->piece_count; k++) {
        tally_span piece = s->pieces[k];

        TALLY_TRY(tally_irecv(c, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE),
                              p->inbox + (piece.first - s->slice.first),
                              piece.count * sizeof(tally_real), &p->pieces[k]));
    }
    return tally_irecv(c, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PUSH), &p->push,
                       sizeof p->push, &p->note);
}

/* A rule with a place of its own sends workers there. */
static tally_status fill_sent(tally_store *s, tally_seat *p)
{
    tally_step t = {.number = s->version + 1};
    const tally_real *at;

    if (p->holds == s->version) return TALLY_OK;
    TALLY_TRY(tally_rule_place(&s->run->rule, &t, s->live, s->room, &at));
    memcpy(p->sent, at + s->slice.first, s->slice.count * sizeof *p->sent);
    return TALLY_OK;
}

static tally_status send_reply(tally_store *s, tally_seat *p, bool end)
{
    tally_comm *c = s->run->comm;

    p->reply = (tally_reply){.version = s->version,
                             .ticket = p->ticket,
                             .end = end,
                             .lost = (uint32_t)s->tale->lost};
    if (!end) {
        TALLY_TRY(fill_sent(s, p));
        TALLY_TRY(expect_push(s, p));
        TALLY_TRY(tally_isend(c, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_WEIGHTS),
                              p->sent, s->slice.count * sizeof *p->sent, &p->sends[0]));
    }
    TALLY_TRY(tally_isend(c, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_REPLY), &p->reply,
                          sizeof p->reply, &p->sends[1]));
    p->presence = end ? GONE : WORKING;
    p->version = s->version;
    p->heard = now(s);
    return TALLY_OK;
}

static bool is_coordinator(const tally_store *s)
{
    return s->index == 0;
}

static bool all_settled(const tally_store *s)
{
    return s->tickets.settled == s->tickets.end;
}

static bool is_anyone_working(const tally_store *s)
{
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence == WORKING) return true;
    return false;
}

static bool may_start(tally_store *s, tally_seat *p)
{
    bool over = all_settled(s) || s->stopping;

    if (over && !is_coordinator(s)) return true;
    return s->consistency->may_start(s, p) && tally_store_deal(s, p);
}

static tally_status reply(tally_store *s, tally_seat *p)
{
    bool over = all_settled(s) || s->stopping;
    bool end = over && is_coordinator(s);
    uint64_t slowest = tally_store_slowest(s);

    if (end ? is_anyone_working(s) : !may_start(s, p)) return TALLY_OK;
    if (!end && p->clock > slowest && p->clock - slowest > s->tale->lead_most)
        s->tale->lead_most = p->clock - slowest;
    return send_reply(s, p, end);
}

/* Whoever waits and may start does, in the order of the workers.  The end is told to
 * all at once, so that all know of the same losses. */
static tally_status reply_to_all(tally_store *s)
{
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence == PARKED) TALLY_TRY(reply(s, &s->seats[m]));
    return TALLY_OK;
}

/* ---- from a worker ---- */

static tally_status note(tally_store *s, tally_arrival_kind kind, const tally_seat *p)
{
    return tally_arrivals_note(&s->arrivals, kind, (int)(p - s->seats));
}

static tally_status welcome(tally_store *s, tally_seat *p)
{
    char sentence[160];

    tally_store_welcome(s, p);
    snprintf(sentence, sizeof sentence, "rank %d speaks again and goes on working",
             p->rank);
    warn(s, sentence);
    return note(s, TALLY_BACK, p);
}

static tally_status heard(tally_store *s, tally_seat *p)
{
    p->heard = now(s);
    return p->presence == LOST && !s->arrivals.replays ? welcome(s, p) : TALLY_OK;
}

/* What is wrong with a push; NULL: nothing. */
static const char *find_fault(const tally_store *s, const tally_seat *p)
{
    const tally_push *push = &p->push;

    if (!p->complete) return "has pieces of another length";
    if (push->layout != tally_layout_hash(&s->run->f->layout))
        return "is of another model";
    if (is_coordinator(s) && push->ticket != p->ticket)
        return "is of rows that it was not given";
    if (!tally_tickets_has(&s->tickets, push->ticket))
        return "is of rows that there are not";
    if (push->version > s->version) return "is of weights that there are not yet";
    if (!p->finite) return "holds values that are not finite";
    if (!isfinite(push->score.loss_sum)) return "has a loss that is not finite";
    return NULL;
}

/* The weights stay as they are; the rows count as done, for another try at them would
 * go as this one did.  Gathered gradients count it as zero. */
static tally_status refuse(tally_store *s, tally_seat *p, const char *fault)
{
    uint64_t most = REFUSALS_MOST * (uint64_t)s->count;
    char sentence[256];

    snprintf(sentence, sizeof sentence, "push %llu of rank %d %s: refused",
             (unsigned long long)p->clock, p->rank, fault);
    if (p->tale->refused++ < 3) warn(s, sentence);
    s->tale->refused++;
    if (++s->in_vain >= most)
        return TALLY_FAIL(
            DIVERGED,
            "%llu pushes in a row were refused, the last as push %llu of "
            "rank %d %s; try a lower --rate, --warmup or --clip norm:max=1",
            (unsigned long long)most, (unsigned long long)p->clock, p->rank, fault);
    if (is_coordinator(s)) p->push.ticket = p->ticket;
    if (!tally_tickets_has(&s->tickets, p->push.ticket))
        return TALLY_FAIL(NETWORK, "%s; no server but the first can go on then",
                          sentence);
    if (s->consistency->need) return tally_store_gather_nothing(s, p);
    tally_tickets_settle(&s->tickets, p->push.ticket);
    return TALLY_OK;
}

static tally_status take_push(tally_store *s, tally_seat *p)
{
    const char *fault = find_fault(s, p);

    TALLY_TRY(note(s, TALLY_PUSHED, p));
    for (int k = 0; k < 2; k++) /* long done: it was answered */
        TALLY_TRY(tally_wait(s->run->comm, &p->sends[k], NULL));
    p->presence = PARKED;
    p->ready = false;
    p->clock++;
    if (fault) {
        TALLY_TRY(refuse(s, p, fault));
    } else {
        s->in_vain = 0;
        p->tale->computing = p->push.computing;
        p->tale->waiting = p->push.waiting;
        p->tale->speed += (double)p->push.score.count;
        p->ticket = p->push.ticket;
        TALLY_TRY(s->consistency->arrive(s, p));
    }
    return reply_to_all(s);
}

static tally_status take_piece(tally_store *s, tally_seat *p, size_t bytes)
{
    tally_span piece = s->pieces[p->arrived++];

    if (bytes != piece.count * sizeof(tally_real)) p->complete = false;
    if (!tally_all_finite(p->inbox + (piece.first - s->slice.first), piece.count))
        p->finite = false;
    return TALLY_OK;
}

/* ---- time ---- */

static tally_status beat(tally_store *s)
{
    double time = now(s);

    if (time - s->beaten < patience(s) / BEATS_PER_PATIENCE) return TALLY_OK;
    s->beaten = time;
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];
        bool done;

        TALLY_TRY(tally_test(s->run->comm, &p->beat_out, &done, NULL));
        if (p->presence == LOST || p->presence == GONE || !done) continue;
        TALLY_TRY(tally_isend(s->run->comm, p->rank, TALLY_TAG(TALLY_CONTROL, TAG_BEAT),
                              &s->wire->nothing, 0, &p->beat_out));
    }
    return TALLY_OK;
}

static tally_status lose(tally_store *s, tally_seat *p)
{
    char sentence[256];

    if (s->servers > 1)
        return TALLY_FAIL(
            NETWORK,
            "worker rank %d has been silent for %.3g s; with %d servers a "
            "run does not go on without it (servers=1 does)",
            p->rank, patience(s), s->servers);
    tally_store_lose(s, p);
    TALLY_TRY(note(s, TALLY_LOST, p));
    snprintf(
        sentence, sizeof sentence,
        "worker rank %d has been silent for %.3g s: it counts as lost, and its rows "
        "go to the others",
        p->rank, patience(s));
    warn(s, sentence);
    if (tally_store_present(s) == 0)
        return TALLY_FAIL(NETWORK,
                          "every worker has been silent for %.3g s: nobody is left to "
                          "compute",
                          patience(s));
    return TALLY_OK;
}

static tally_status look_for_silence(tally_store *s)
{
    double time = now(s);
    bool lost = false;

    if (s->arrivals.replays) return TALLY_OK;
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];

        if (p->presence != WORKING || time - p->heard < patience(s)) continue;
        TALLY_TRY(lose(s, p));
        lost = true;
    }
    return lost ? reply_to_all(s) : TALLY_OK;
}

/* ---- a replay ---- */

static tally_status happen(tally_store *s, tally_arrival_kind kind, tally_seat *p)
{
    s->arrivals.next++;
    if (kind == TALLY_PUSHED) return take_push(s, p);
    if (kind == TALLY_BACK) return welcome(s, p);
    TALLY_TRY(lose(s, p));
    return reply_to_all(s);
}

/* All that may happen now: a push must have come in first. */
static tally_status replay(tally_store *s)
{
    const tally_arrival *next;

    while ((next = tally_arrivals_next(&s->arrivals))) {
        tally_seat *p = &s->seats[next->worker];
        bool works = p->presence == WORKING;

        if (next->kind == TALLY_PUSHED && works && !p->ready) return TALLY_OK;
        if ((next->kind == TALLY_BACK) == works)
            return TALLY_FAIL(
                MISMATCH,
                "the recording does not fit this run: its event %zu is of "
                "worker %d, which has nothing to push then",
                s->arrivals.next + 1, next->worker);
        TALLY_TRY(happen(s, next->kind, p));
    }
    if (is_anyone_working(s))
        return TALLY_FAIL(MISMATCH,
                          "the recording ends after %zu events, this run does "
                          "not: it was of fewer steps, or was stopped",
                          s->arrivals.count);
    return TALLY_OK;
}

/* ---- steps ---- */

/* A failure that only the holders know of is not agreed on by all ranks. */
static tally_status observe(tally_store *s, const tally_score *score, double rate,
                            bool stop)
{
    tally_run *run = s->run;
    tally_error error;

    s->reporting = true;
    tally_status status = run->after_step(run, score, rate, stop);
    s->reporting = false;
    if (!status || status == TALLY_STOPPED || run->crew == run->comm) return status;
    tally_error_save(&error);
    return tally_fail(status, __FILE__, __LINE__, __func__, "%s", error.sentence);
}

static uint64_t count_pushes(const tally_store *s)
{
    uint64_t sum = 0;

    for (int m = 0; m < s->count; m++)
        sum += s->seats[m].clock;
    return sum;
}

static tally_status tell_servers(tally_store *s, const step_note *note)
{
    tally_comm *c = s->run->comm;

    for (int r = 1; r < s->servers; r++) {
        TALLY_TRY(tally_wait(c, &s->wire->step_out[r], NULL));
        s->wire->steps_sent[r] = *note;
        TALLY_TRY(tally_isend(c, r, TALLY_TAG(TALLY_CONTROL, TAG_STEP),
                              &s->wire->steps_sent[r], sizeof *note,
                              &s->wire->step_out[r]));
    }
    return TALLY_OK;
}

static tally_status report_step(tally_store *s, bool stop)
{
    tally_run *run = s->run;
    step_note note = {.pushes = count_pushes(s), .stop = stop};

    if (!stop) {
        note.score = s->scores[run->step % SCORES_KEPT];
        s->scores[run->step % SCORES_KEPT] = (tally_score){0};
        note.rate = tally_schedule_rate(&run->schedule, run->step);
        run->step++;
    }
    note.step = run->step;
    TALLY_TRY(tell_servers(s, &note));
    return observe(s, &note.score, note.rate, stop);
}

static tally_status expect_step(tally_store *s)
{
    s->wire->step_due = false;
    return tally_irecv(s->run->comm, 0, TALLY_TAG(TALLY_CONTROL, TAG_STEP),
                       &s->wire->step, sizeof s->wire->step, &s->wire->step_in);
}

/* Of server 0: each step that is done, in turn. */
static tally_status report_steps(tally_store *s)
{
    if (tally_stop_requested() && !s->stopping) {
        s->stopping = true;
        TALLY_TRY(reply_to_all(s));
    }
    while (s->run->step < tally_store_step(s))
        TALLY_TRY(report_step(s, false));
    if (s->stopping && !is_anyone_working(s) && s->run->step < s->run->steps)
        return report_step(s, true);
    return TALLY_OK;
}

/* Of the other servers: what server 0 said, once our slice is as far.  Whoever waits
 * for us at the end gets weights, so that it can hear of it. */
static tally_status follow_step(tally_store *s)
{
    step_note note = s->wire->step;

    if (!s->wire->step_due) return TALLY_OK;
    if (note.stop && !s->stopping) {
        s->stopping = true;
        TALLY_TRY(reply_to_all(s));
    }
    if (count_pushes(s) < note.pushes) return TALLY_OK;
    s->wire->ended = note.end != 0;
    if (note.end) return TALLY_OK;
    s->run->step = note.step;
    TALLY_TRY(expect_step(s));
    return observe(s, &note.score, note.rate, note.stop != 0);
}

tally_status tally_store_tick(tally_store *s, bool steps)
{
    TALLY_TRY(beat(s));
    TALLY_TRY(look_for_silence(s));
    if (!steps || s->reporting) return TALLY_OK;
    return is_coordinator(s) ? report_steps(s) : follow_step(s);
}

/* ---- waiting ---- */

size_t tally_store_watch_most(const tally_store *s)
{
    return 2 * (size_t)s->count + 1;
}

/* Steps that are done but not reported bound what may come in. */
static bool is_full(const tally_store *s)
{
    return tally_store_step(s) - s->run->step >= SCORES_KEPT - 1 && is_coordinator(s);
}

size_t tally_store_watch(tally_store *s, tally_request **list)
{
    size_t *whose = s->wire->whose, n = 0;

    for (int k = 0; k < s->count && !is_full(s); k++) {
        int m = (int)((s->tale->pushes + (uint64_t)k) % (uint64_t)s->count);
        tally_seat *p = &s->seats[m];
        tally_request *next =
            p->arrived < s->piece_count ? &p->pieces[p->arrived] : &p->note;

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
    tally_seat *p = &s->seats[whose / 2];
    TALLY_TRY(heard(s, p));
    if (whose % 2 == 1) return expect_beat(s, p);
    if (p->arrived < s->piece_count) return take_piece(s, p, what->bytes);
    if (what->bytes != sizeof p->push) p->complete = false;
    p->ready = true;
    return s->arrivals.replays ? replay(s) : take_push(s, p);
}

/* Takes what comes first before the deadline; *any: something did. */
static tally_status wait_once(tally_store *s, double deadline, bool *any)
{
    tally_request **list = s->wire->watched;
    size_t n = tally_store_watch(s, list);
    tally_note note;
    double begin = now(s);
    int which;

    TALLY_TRY(tally_wait_some(s->run->comm, list, n, deadline, &which, &note));
    s->idle += now(s) - begin;
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
    if (!is_coordinator(s)) return s->wire->ended;
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence != GONE && s->seats[m].presence != LOST) return false;
    return all_settled(s) && s->run->step == s->run->steps;
}

tally_status tally_store_serve(tally_store *s)
{
    while (!is_over(s)) {
        bool any;

        TALLY_TRY(wait_once(s, now(s) + patience(s) / BEATS_PER_PATIENCE, &any));
        TALLY_TRY(tally_store_tick(s, true));
    }
    return TALLY_OK;
}

/* The weights of all slices to all holders, and what the rule keeps for them. */
static tally_status spread(tally_run *run, const tally_span *slices, tally_real *v)
{
    for (int r = 0; r < run->holders; r++)
        TALLY_TRY(tally_broadcast(run->crew, r, v + slices[r].first,
                                  slices[r].count * sizeof *v));
    return TALLY_OK;
}

static tally_status spread_bits(tally_run *run, const tally_span *slices,
                                uint64_t *bits)
{
    for (int r = 0; r < run->holders; r++)
        TALLY_TRY(tally_broadcast(run->crew, r, bits + slices[r].first / 64,
                                  (slices[r].count + 63) / 64 * sizeof *bits));
    return TALLY_OK;
}

static tally_status spread_state(tally_run *run, const tally_span *slices,
                                 const tally_state *state)
{
    for (size_t k = 0; k < state->count; k++) {
        if (state->slots[k].extent == TALLY_EACH_WEIGHT)
            TALLY_TRY(spread(run, slices, state->at[k]));
        if (state->slots[k].extent == TALLY_EACH_BIT)
            TALLY_TRY(spread_bits(run, slices, state->at[k]));
    }
    return TALLY_OK;
}

static tally_status spread_all(tally_store *s, const tally_span *slices)
{
    tally_run *run = s->run;
    const tally_state *states[] = {&run->rule.state, &run->trainer_state};

    TALLY_TRY(spread(run, slices, run->w));
    for (int i = 0; i < 2; i++)
        TALLY_TRY(spread_state(run, slices, states[i]));
    return TALLY_OK;
}

static tally_status snapshot(tally_run *run)
{
    tally_store *s = run->held;

    memcpy(run->w + s->slice.first, s->live + s->slice.first,
           s->slice.count * sizeof *run->w);
    return s->servers > 1 ? spread_all(s, s->slices) : TALLY_OK;
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
    if (!w->watched || !w->whose || !w->step_out || !w->steps_sent)
        return TALLY_FAIL(MEMORY, "no memory for the messages of a server");
    return TALLY_OK;
}

tally_status tally_store_start(tally_store *s)
{
    tally_run *run = s->run;

    TALLY_TRY(open_wire(s));
    run->held = s;
    run->snapshot = snapshot;
    run->breathe = breathe;
    s->begun = s->beaten = now(s);
    if (!is_coordinator(s)) TALLY_TRY(expect_step(s));
    for (int m = 0; m < s->count; m++)
        TALLY_TRY(expect_beat(s, &s->seats[m]));
    TALLY_TRY(reply_to_all(s));
    return s->arrivals.replays ? replay(s) : TALLY_OK;
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
    double seconds = now(s) - s->begun;
    step_note last = {.step = run->step, .pushes = count_pushes(s), .end = 1};

    if (is_coordinator(s)) TALLY_TRY(tell_servers(s, &last));
    TALLY_TRY(say_the_end(s));
    TALLY_TRY(tally_arrivals_finish(&s->arrivals));
    TALLY_TRY(snapshot(run));
    if (s->tale->lost) run->comm->ragged = true;
    TALLY_TRY(tally_store_sum_up(s, seconds));
    return TALLY_OK;
}

static void hang_up_on(tally_comm *c, tally_store *s, tally_seat *p)
{
    for (size_t k = 0; p->pieces && k < s->piece_count; k++)
        tally_abandon(c, &p->pieces[k]);
    tally_abandon(c, &p->note);
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
        hang_up_on(c, s, &s->seats[m]);
    for (int r = 0; w->step_out && r < s->servers; r++)
        tally_abandon(c, &w->step_out[r]);
    tally_abandon(c, &w->step_in);
    free(w->watched);
    free(w->whose);
    free(w->step_out);
    free(w->steps_sent);
    free(w);
    s->wire = NULL;
}

/* faults.c — who is silent, who speaks again, and which pushes are refused.
 *
 *     silent for --patience      lost: its rows go to the others
 *     speaks again               goes on working with what it holds
 *     a push that cannot be      refused, counted and named; the weights stay
 *
 * Of several servers the first says who is lost, and the others follow: what counts of
 * that worker is what server 0 had of it.  Its last gradient may have moved some slices
 * and not others.  Not when servers gather gradients, for they would have to deal alike
 * what it held, nor when the rank was a server as well.  A replay follows a recording
 * instead of the clock. */

#include "base/status.h"
#include "trainer/server/serve.h"

#include <math.h>
#include <stdio.h>

/* ---- silence ---- */

tally_status tally_store_beat(tally_store *s)
{
    double time = tally_store_now(s);

    if (time - s->beaten < tally_store_patience(s) / BEATS_PER_PATIENCE)
        return TALLY_OK;
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

static tally_status note(tally_store *s, tally_arrival_kind kind, const tally_seat *p)
{
    return tally_arrivals_note(&s->arrivals, kind, (int)(p - s->seats));
}

/* Of server 0: to the others. */
static tally_status tell_loss(tally_store *s, const tally_seat *p, bool back)
{
    struct tally_wire *w = s->wire;
    tally_comm *c = s->run->comm;

    for (int r = 1; r < s->servers; r++) {
        TALLY_TRY(tally_wait(c, &w->loss_out[r], NULL));
        w->losses_sent[r] = (loss_note){.taken = p->taken,
                                        .ticket = p->last,
                                        .clock = p->clock,
                                        .worker = (int32_t)(p - s->seats),
                                        .back = back};
        TALLY_TRY(tally_isend(c, r, TALLY_TAG(TALLY_CONTROL, TAG_LOSS),
                              &w->losses_sent[r], sizeof *w->losses_sent,
                              &w->loss_out[r]));
    }
    return TALLY_OK;
}

tally_status tally_store_expect_loss(tally_store *s)
{
    return tally_irecv(s->run->comm, 0, TALLY_TAG(TALLY_CONTROL, TAG_LOSS),
                       &s->wire->loss, sizeof s->wire->loss, &s->wire->loss_in);
}

/* What server 0 had of a lost worker and we had not counts as done: it will not come.
 * Who is back may have pushed to us before we hear of it. */
tally_status tally_store_follow_loss(tally_store *s)
{
    loss_note note = s->wire->loss;
    tally_seat *p = &s->seats[note.worker];
    tally_presence before = p->presence;

    TALLY_TRY(tally_store_expect_loss(s));
    if (note.back) {
        tally_store_welcome(s, p);
        if (before != LOST) p->presence = before;
        if (p->clock < note.clock) p->clock = note.clock;
        return tally_store_reply_to_all(s);
    }
    if (p->taken < note.taken) {
        tally_tickets_settle(&s->tickets, note.ticket);
        p->taken = note.taken;
    }
    tally_store_lose(s, p);
    return tally_store_reply_to_all(s);
}

/* Whether the run can do without a worker. */
static bool may_lose(const tally_store *s)
{
    const tally_run *run = s->run;

    return s->servers == 1 ||
           (!s->consistency->need && run->holders + run->workers <= run->comm->size);
}

static tally_status lose(tally_store *s, tally_seat *p)
{
    char sentence[256];

    if (!may_lose(s))
        return TALLY_FAIL(
            NETWORK,
            "worker rank %d has been silent for %.3g s; with %d servers that %s a "
            "run does not go on without it (servers=1 does)",
            p->rank, tally_store_patience(s), s->servers,
            s->consistency->need ? "gather gradients" : "work too");
    tally_store_lose(s, p);
    TALLY_TRY(tell_loss(s, p, false));
    TALLY_TRY(note(s, TALLY_LOST, p));
    snprintf(
        sentence, sizeof sentence,
        "worker rank %d has been silent for %.3g s: it counts as lost, and its rows "
        "go to the others",
        p->rank, tally_store_patience(s));
    tally_store_warn(s, sentence);
    if (tally_store_present(s) == 0)
        return TALLY_FAIL(NETWORK,
                          "every worker has been silent for %.3g s: nobody is left to "
                          "compute",
                          tally_store_patience(s));
    return TALLY_OK;
}

tally_status tally_store_look_for_silence(tally_store *s)
{
    double time = tally_store_now(s);
    bool lost = false;

    if (s->arrivals.replays) return TALLY_OK;
    if (!tally_store_coordinates(s) && may_lose(s)) return TALLY_OK;
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];

        if (p->presence != WORKING || time - p->heard < tally_store_patience(s))
            continue;
        TALLY_TRY(lose(s, p));
        lost = true;
    }
    return lost ? tally_store_reply_to_all(s) : TALLY_OK;
}

static tally_status welcome(tally_store *s, tally_seat *p)
{
    char sentence[160];

    tally_store_welcome(s, p);
    TALLY_TRY(tell_loss(s, p, true));
    snprintf(sentence, sizeof sentence, "rank %d speaks again and goes on working",
             p->rank);
    tally_store_warn(s, sentence);
    return note(s, TALLY_BACK, p);
}

tally_status tally_store_heard(tally_store *s, tally_seat *p)
{
    p->heard = tally_store_now(s);
    if (p->presence != LOST || s->arrivals.replays) return TALLY_OK;
    return tally_store_coordinates(s) ? welcome(s, p) : TALLY_OK;
}

/* ---- pushes that cannot be ---- */

static uint64_t rows_most(const tally_store *s)
{
    return (s->run->f->source ? s->run->sampler.batch : 1) * s->tickets.turn;
}

static bool is_time(double seconds)
{
    return isfinite(seconds) && seconds >= 0;
}

const char *tally_store_find_fault(const tally_store *s, const tally_seat *p)
{
    const tally_push *push = &p->push;

    if (!p->complete) return "has a piece or a note of another length";
    if (p->garbled) return "is nothing that the codec writes";
    if (push->layout != tally_layout_hash(&s->run->f->layout))
        return "is of another model";
    if (tally_store_coordinates(s) && push->ticket != p->ticket)
        return "is of rows that it was not given";
    if (!tally_tickets_has(&s->tickets, push->ticket))
        return "is of rows that there are not";
    if (push->version > s->version) return "is of weights that there are not yet";
    if (!p->finite) return "holds values that are not finite";
    if (!isfinite(push->score.loss_sum)) return "has a loss that is not finite";
    if (push->score.count > rows_most(s) || push->score.correct > push->score.count)
        return "has a score of more rows than it was given";
    if (!is_time(push->computing) || !is_time(push->starved) || !is_time(push->waiting))
        return "has times that cannot be";
    return NULL;
}

tally_status tally_store_refuse(tally_store *s, tally_seat *p, const char *fault)
{
    uint64_t most = REFUSALS_MOST * (uint64_t)s->count;
    char sentence[256];

    snprintf(sentence, sizeof sentence, "push %llu of rank %d %s: refused",
             (unsigned long long)p->clock, p->rank, fault);
    if (p->tale->refused++ < 3) tally_store_warn(s, sentence);
    s->tale->refused++;
    if (++s->in_vain >= most)
        return TALLY_FAIL(
            DIVERGED,
            "%llu pushes in a row were refused, the last as push %llu of "
            "rank %d %s; try a lower --rate, --warmup or --clip norm:max=1",
            (unsigned long long)most, (unsigned long long)p->clock, p->rank, fault);
    if (tally_store_coordinates(s)) p->push.ticket = p->ticket;
    if (!tally_tickets_has(&s->tickets, p->push.ticket))
        return TALLY_FAIL(NETWORK, "%s; no server but the first can go on then",
                          sentence);
    if (s->consistency->need) return tally_store_gather_nothing(s, p);
    tally_tickets_settle(&s->tickets, p->push.ticket);
    return TALLY_OK;
}

/* ---- a replay ---- */

static tally_status happen(tally_store *s, tally_arrival_kind kind, tally_seat *p)
{
    s->arrivals.next++;
    if (kind == TALLY_PUSHED) return tally_store_take_push(s, p);
    if (kind == TALLY_BACK) return welcome(s, p);
    TALLY_TRY(lose(s, p));
    return tally_store_reply_to_all(s);
}

tally_status tally_store_replay(tally_store *s)
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
    if (tally_store_anyone_works(s))
        return TALLY_FAIL(MISMATCH,
                          "the recording ends after %zu events, this run does "
                          "not: it was of fewer steps, or was stopped",
                          s->arrivals.count);
    return TALLY_OK;
}

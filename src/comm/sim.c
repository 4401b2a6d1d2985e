/* sim.c — ranks as threads under a virtual clock, with links that messages occupy.
 *
 *     start        = max(now, out_free[from])
 *     out_free     = start + n beta
 *     arrival      = max(start + alpha, in_free[to]) + n beta
 *     in_free[to]  = arrival
 *
 * A message of n bytes holds its sender's outgoing link and its receiver's incoming
 * one, so many that go to one rank queue up there.  alpha and beta are those of the
 * node when both ends share one; a message to oneself is free.
 *
 * Exactly one rank runs at a time, always the one with the lowest clock (baton.c), and
 * a rank lets the lower ones go first before each of its operations.  Operations thus
 * happen in the order of virtual time, arrivals at a rank too (in_free only grows), and
 * a receive from any source finds its sends in the order they arrive: every run is the
 * same.  When no rank can go on each returns TALLY_DEADLOCK with who waits for whom.
 *
 * Sends are buffered: they are done at once.  With rendezvous=true a send is done only
 * when a receive has met it and its last byte has left; that transfer starts at the
 * meeting.  Work costs what tally_spend declares; nothing is taken from the wall clock.
 * A test or a wait that fails is free the first 1000 times, then costs a microsecond,
 * so that a loop of them does not stop the time. */

#include "comm/sim.h"

#include "base/text.h"
#include "comm/launcher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FREE_TESTS = 1000 };

static const double test_seconds = 1e-6;

static const tally_option options_table[] = {
    TALLY_OPTION(COUNT, sim, ranks, "4", "[1, 4096]", "how many ranks"),
    TALLY_OPTION(COUNT, sim, node, "1", "[0, 4096]", "ranks on a node; 0: all on one"),
    TALLY_OPTION(REAL, sim, alpha, "50e-6", "[0, inf)",
                 "seconds a message takes between nodes, besides its bytes"),
    TALLY_OPTION(REAL, sim, beta, "8e-9", "[0, inf)",
                 "seconds a byte takes between nodes"),
    TALLY_OPTION(REAL, sim, alpha_node, "0.5e-6", "[0, inf)",
                 "seconds a message takes inside a node, besides its bytes"),
    TALLY_OPTION(REAL, sim, beta_node, "1e-10", "[0, inf)",
                 "seconds a byte takes inside a node"),
    TALLY_OPTION(FLAG, sim, rendezvous, "false", NULL,
                 "a send is done only when a receive meets it"),
    TALLY_END,
};

static double clock_of(const seat *s)
{
    return s->world->baton.runners[s->me].clock;
}

/* Before each operation: those with lower clocks first. */
static tally_status enter(const seat *s)
{
    tally_baton_yield(&s->world->baton, s->me);
    if (s->world->failed) return TALLY_FAIL(ABORTED, "%s", s->world->reason);
    return TALLY_OK;
}

/* ---- messages ---- */

/* Sends the letter over the links, from now on: when it has left, and when it arrives.
 */
static void transfer(world *w, tally_letter *send, int to, double now)
{
    const sim *o = w->options;
    citizen *source = &w->citizens[send->owner], *target = &w->citizens[to];
    bool near = tally_sim_node(w, send->owner) == tally_sim_node(w, to);
    double alpha = near ? o->alpha_node : o->alpha;
    double length = (double)send->bytes * (near ? o->beta_node : o->beta);

    send->left = send->time = now;
    if (send->owner == to) return;
    double start = fmax(now, source->out_free);
    send->left = source->out_free = start + length;
    send->time = target->in_free = fmax(start + alpha, target->in_free) + length;
}

/* A letter's fate is known: its owner, when blocked on it, can go on then. */
static void settle(world *w, tally_letter *letter, double time)
{
    letter->time = time;
    if (letter->awaited) tally_baton_hasten(&w->baton, letter->owner, time);
}

/* A send and a receive have met. */
static void meet(world *w, tally_letter *send, tally_letter *receive, double now)
{
    bool rendezvous = w->options->rendezvous;

    if (rendezvous) transfer(w, send, receive->owner, now);
    settle(w, receive, send->time);
    if (rendezvous)
        settle(w, send, send->left);
    else
        tally_letter_close(&w->desk, send);
}

/* NULL when memory ran out. */
static tally_letter *blank(const seat *s, int peer, int tag, tally_request *r)
{
    tally_letter *letter = tally_letter_open(&s->world->desk, r);

    if (!letter) return NULL;
    letter->context = s->context;
    letter->owner = s->me;
    letter->peer = peer;
    letter->tag = tag;
    return letter;
}

static tally_status isend(tally_comm *c, int to, int tag, const void *p, size_t n,
                          tally_request *r)
{
    const seat *s = c->inner;
    world *w = s->world;
    int there = s->members[to];

    TALLY_TRY(enter(s));
    tally_letter *send = blank(s, c->rank, tag, r);
    if (!send) return TALLY_FAIL(MEMORY, "no memory for a message");
    send->data = p;
    send->bytes = n;
    if (!w->options->rendezvous) {
        transfer(w, send, there, clock_of(s));
        tally_letter_let_go(r);
    }
    tally_letter *receive = tally_mailbox_send(&w->citizens[there].mailbox, send);
    if (receive)
        meet(w, send, receive, clock_of(s));
    else if (!w->options->rendezvous)
        TALLY_TRY(tally_mailbox_buffer(&w->citizens[there].mailbox, &w->desk, send));
    return TALLY_OK;
}

static tally_status irecv(tally_comm *c, int from, int tag, void *p, size_t most,
                          tally_request *r)
{
    const seat *s = c->inner;
    world *w = s->world;

    TALLY_TRY(enter(s));
    tally_letter *receive = blank(s, from, tag, r);
    if (!receive) return TALLY_FAIL(MEMORY, "no memory for a message");
    receive->room = p;
    receive->bytes = most;
    tally_letter *send = tally_mailbox_receive(&w->citizens[s->me].mailbox, receive);
    if (send) meet(w, send, receive, clock_of(s));
    return TALLY_OK;
}

static void ask_in_vain(const seat *s, tally_letter *letter)
{
    if (++letter->asked > FREE_TESTS)
        s->world->baton.runners[s->me].clock += test_seconds;
}

static tally_status test(tally_comm *c, tally_request *r, bool *done, tally_note *note)
{
    const seat *s = c->inner;
    tally_letter *letter = tally_letter_of(r);

    TALLY_TRY(enter(s));
    *done = !letter || letter->time <= clock_of(s);
    if (*done)
        TALLY_TRY(tally_letter_finish(&s->world->desk, r, note));
    else
        ask_in_vain(s, letter);
    return TALLY_OK;
}

/* The first of the active requests to be done, and when; marks those that are not as
 * awaited or not. */
static int earliest(tally_request *const *r, size_t n, bool awaited, double *time)
{
    int best = -1;

    *time = (double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!r[i]->active) continue;
        tally_letter *letter = tally_letter_of(r[i]);
        double at = letter ? letter->time : 0;

        if (letter) letter->awaited = awaited;
        if (best >= 0 && at >= *time) continue;
        best = (int)i;
        *time = at;
    }
    return best;
}

static tally_status wait_some(tally_comm *c, tally_request *const *r, size_t n,
                              double deadline, int *which, tally_note *note)
{
    const seat *s = c->inner;
    world *w = s->world;
    citizen *me = &w->citizens[s->me];
    double time;

    *which = -1;
    TALLY_TRY(enter(s));
    if (earliest(r, n, true, &time) < 0) return TALLY_OK;
    me->waiting = s;
    me->waits = r;
    me->wait_count = n;
    bool stuck = !tally_baton_block(&w->baton, s->me, fmin(time, deadline));
    me->waiting = NULL;
    int first = earliest(r, n, false, &time);
    if (stuck) return TALLY_FAIL(DEADLOCK, "%s", w->deadlock);
    if (w->failed) return TALLY_FAIL(ABORTED, "%s", w->reason);
    if (time > clock_of(s)) {
        ask_in_vain(s, tally_letter_of(r[first]));
        return TALLY_OK;
    }
    TALLY_TRY(tally_letter_finish(&w->desk, r[first], note));
    *which = first;
    return TALLY_OK;
}

static void abandon(tally_comm *c, tally_request *r)
{
    const seat *s = c->inner;
    tally_letter *letter = tally_letter_of(r);

    if (!letter) return;
    int holder = s->me;
    if (!letter->matched && !r->is_receive) holder = s->members[r->peer];
    tally_mailbox_remove(&s->world->citizens[holder].mailbox, letter);
    tally_letter_close(&s->world->desk, letter);
}

/* ---- when all wait ---- */

/* Adds "rank 1 waits to receive from rank 0 (tag 5)"; false when it does not fit. */
static bool describe(const world *w, int rank, char *text, size_t most, size_t *used)
{
    const citizen *me = &w->citizens[rank];
    const tally_request *first = me->waits[0];
    const char *comma = *used ? ", " : "";

    for (size_t i = 1; i < me->wait_count && !first->active; i++)
        first = me->waits[i];
    const char *verb = first->is_receive ? "receive from" : "send to";
    if (first->peer == TALLY_ANY)
        return tally_text_append(text, most, used,
                                 "%srank %d waits to %s any rank (tag %d)", comma, rank,
                                 verb, first->tag);
    int peer = me->waiting->members[first->peer];
    return tally_text_append(
        text, most, used, "%srank %d waits to %s rank %d (tag %d)%s", comma, rank, verb,
        peer, first->tag, w->baton.runners[peer].ended ? ", which has ended" : "");
}

/* "rank 0 waits to receive from rank 1 (tag 5), rank 1 waits ...": as many as fit. */
static void report_deadlock(void *context)
{
    world *w = context;
    size_t used = 0, room = sizeof w->deadlock - 40;
    int waiting = 0, told = 0;

    w->deadlock[0] = '\0';
    for (int i = 0; i < w->baton.count; i++) {
        if (!w->citizens[i].waiting) continue;
        waiting++;
        if (told == waiting - 1 && describe(w, i, w->deadlock, room, &used)) told++;
    }
    if (told < waiting)
        tally_text_append(w->deadlock, sizeof w->deadlock, &used, ", and %d more wait",
                          waiting - told);
}

/* ---- the ranks ---- */

static void spend(tally_comm *c, double seconds)
{
    const seat *s = c->inner;

    s->world->baton.runners[s->me].clock += seconds;
}

static double now(tally_comm *c)
{
    return clock_of(c->inner);
}

static void end_all(const seat *s, const char *verb, const char *why)
{
    world *w = s->world;
    size_t used = 0;

    if (w->failed) return;
    w->failed = true;
    if (!tally_text_append(w->reason, sizeof w->reason, &used, "rank %d %s: %s", s->me,
                           verb, why))
        tally_text_append(w->reason, sizeof w->reason, &used, "rank %d %s", s->me,
                          verb);
    tally_baton_wake_all(&w->baton, s->me);
}

static void abort_all(tally_comm *c, int code)
{
    char why[32];
    size_t used = 0;

    tally_text_append(why, sizeof why, &used, "code %d", code);
    end_all(c->inner, "aborted", why);
}

static void live(void *context, int me)
{
    world *w = context;
    int count = w->baton.count;
    seat s = {.world = w, .me = me, .members = calloc((size_t)count, sizeof(int))};
    tally_comm c = {.ops = &tally_comm_sim,
                    .options = w->options,
                    .rank = me,
                    .size = count,
                    .inner = &s};

    if (!s.members) {
        w->citizens[me].status = TALLY_FAIL(MEMORY, "no memory for rank %d", me);
    } else {
        for (int r = 0; r < count; r++)
            s.members[r] = r;
        tally_sim_place(&c);
        w->citizens[me].status = w->body(&c, w->context);
    }
    tally_error_save(&w->citizens[me].error);
    if (w->citizens[me].status && !tally_error_agreed())
        end_all(&s, "failed first", tally_error_sentence());
    free(s.members);
}

/* The first failure that is not just the end of another one. */
static tally_status outcome(const world *w)
{
    const citizen *worst = NULL;

    for (int i = 0; i < w->baton.count; i++) {
        const citizen *each = &w->citizens[i];

        if (each->status == TALLY_OK) continue;
        if (!worst || (worst->status == TALLY_ABORTED && each->status != TALLY_ABORTED))
            worst = each;
    }
    if (worst) {
        tally_error_restore(&worst->error);
        return worst->status;
    }
    return w->failed ? TALLY_FAIL(ABORTED, "%s", w->reason) : TALLY_OK;
}

static tally_status launch(const void *options, tally_body body, void *context)
{
    const sim *o = options;
    world w = {.options = o, .body = body, .context = context};

    TALLY_TRY(tally_launcher_check(getenv, "sim", 1));
    w.citizens = calloc(o->ranks, sizeof *w.citizens);
    if (!w.citizens) return TALLY_FAIL(MEMORY, "no memory for %d ranks", (int)o->ranks);
    tally_status status = tally_baton_open(&w.baton, (int)o->ranks);
    w.baton.work = live;
    w.baton.stuck = report_deadlock;
    w.baton.context = &w;
    if (!status) status = tally_baton_run(&w.baton);
    if (!status) status = outcome(&w);
    tally_desk_close(&w.desk);
    tally_baton_close(&w.baton);
    free(w.citizens);
    return status;
}

const tally_comm_ops tally_comm_sim = {
    .about = {.name = "sim",
              .brief = "ranks as threads under a virtual clock",
              .paper = "",
              .options = options_table,
              .options_size = sizeof(sim)},
    .launch = launch,
    .isend = isend,
    .irecv = irecv,
    .test = test,
    .wait_some = wait_some,
    .abandon = abandon,
    .split = tally_sim_split,
    .share = tally_sim_share,
    .unshare = tally_sim_unshare,
    .host_of = tally_sim_host_of,
    .spend = spend,
    .abort = abort_all,
    .now = now,
    .close = tally_sim_close,
};

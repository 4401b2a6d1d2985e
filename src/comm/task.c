/* task.c — collectives in pieces: a list of state machines that each comm advances.
 *
 *     start     append, advance once
 *     poll      look at the requests of all tasks (of each that goes in order, at the
 *               first) together; advance the task that has one done; until none has
 *     wait      the same, blocking, until t is done
 *
 * One look costs one turn of the library's progress, however many tasks there are:
 * between hosts that is a system call, and there are some tens of tasks.
 *
 * A task that spins waits for memory, which nothing can look at for us: while there is
 * one, each task is advanced in turn, oldest first.  A wait does so again and again,
 * soon offers the core each time, for there may be more ranks than cores, and at last
 * naps in between: a rank that only yields uses up the share of a busy core that the
 * one it waits for could have had.
 *
 * Waiting for one task must move the others too: the peer may wait for another one
 * first, and would never reach ours.  Memory: one pointer per request of all open
 * collectives, grown as they open, so that starting them allocates nothing. */

#include "comm/comm.h"
#include "comm/progress.h"
#include "comm/trace.h"
#include "comm/watch.h"

#include <assert.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { HOT_ROUNDS = 100, YIELDING_ROUNDS = 1000 };

tally_status tally_requests_test(tally_comm *c, tally_request *r, size_t n, bool *busy)
{
    *busy = false;
    for (size_t i = 0; i < n; i++) {
        bool done;

        if (!r[i].active) continue;
        TALLY_TRY(tally_test(c, &r[i], &done, NULL));
        if (!done) *busy = true;
    }
    return TALLY_OK;
}

static tally_status reserve(tally_comm *c, size_t count)
{
    if (count <= c->waited_room) return TALLY_OK;
    tally_request **more = realloc(c->waited, count * sizeof *more);
    if (!more) return TALLY_FAIL(MEMORY, "no memory to wait for %zu messages", count);
    c->waited = more;
    c->waited_room = count;
    return TALLY_OK;
}

tally_status tally_task_open(tally_task *t)
{
    t->counted = true;
    t->comm->waited_most += t->request_count;
    return reserve(t->comm, t->comm->waited_most);
}

/* Room for the tasks on the list, of which some may never have been opened. */
static tally_status reserve_listed(tally_comm *c)
{
    size_t count = 0;

    for (const tally_task *t = c->tasks; t; t = t->next)
        count += t->request_count;
    return reserve(c, count);
}

static void unlist(tally_task *t)
{
    for (tally_task **at = &t->comm->tasks; *at; at = &(*at)->next) {
        if (*at != t) continue;
        *at = t->next;
        return;
    }
}

/* Tasks have been under way since the last look, as far as c->tasks says. */
static void see(tally_comm *c)
{
    double now = tally_now(c);

    if (c->tasks) c->busy += now - c->seen;
    c->seen = now;
    tally_trace_ended(c->trace, now);
}

double tally_busy(tally_comm *c)
{
    tally_progress_enter(c);
    double busy = c->busy;
    tally_progress_leave(c);
    return busy;
}

double tally_blocked(tally_comm *c)
{
    tally_progress_enter(c);
    double blocked = c->blocked;
    tally_progress_leave(c);
    return blocked;
}

static tally_status go_on(tally_task *t)
{
    tally_comm *c = t->comm;

    c->advancing++;
    tally_status status = t->advance(t);
    c->advancing--;
    TALLY_TRY(status);
    if (!t->done) return TALLY_OK;
    unlist(t);
    tally_watch_end(c, t);
    tally_trace_end(c->trace, t);
    return TALLY_OK;
}

/* One that has ended may be what others wait for. */
static tally_status advance(tally_task *t)
{
    TALLY_TRY(go_on(t));
    if (!t->done) return TALLY_OK;
    for (tally_task *f = t->comm->tasks, *next; f; f = next) {
        next = f->next;
        if (!f->follows) continue;
        TALLY_TRY(go_on(f));
        if (f->done) next = t->comm->tasks; /* and others may wait for this one */
    }
    return TALLY_OK;
}

static tally_status start(tally_task *t)
{
    tally_task **last = &t->comm->tasks;

    see(t->comm);
    while (*last) {
        assert(*last != t);
        last = &(*last)->next;
    }
    *last = t;
    t->next = NULL;
    t->done = false;
    tally_watch_begin(t->comm, t);
    tally_trace_begin(t->comm->trace, t, t->comm->seen);
    TALLY_TRY(reserve_listed(t->comm));
    TALLY_TRY(advance(t));
    if (!t->done) tally_progress_wake(t->comm);
    if (t->done && t->comm->trace)
        tally_trace_ended(t->comm->trace, tally_now(t->comm));
    return TALLY_OK;
}

tally_status tally_task_start(tally_task *t)
{
    tally_progress_enter(t->comm);
    tally_status status = start(t);
    tally_progress_leave(t->comm);
    TALLY_TRY(status);
    return TALLY_OK;
}

/* Points c->waited at what the tasks wait for; how many. */
static size_t collect(tally_comm *c)
{
    size_t count = 0;

    for (const tally_task *t = c->tasks; t; t = t->next)
        for (size_t i = 0; i < t->request_count; i++) {
            tally_request *r = &t->requests[(t->oldest + i) % t->request_count];

            if (!r->active) continue;
            c->waited[count++] = r;
            if (t->in_order) break;
        }
    return count;
}

static tally_task *owner_of(const tally_comm *c, const tally_request *r)
{
    tally_task *t = c->tasks;

    while (r < t->requests || r >= t->requests + t->request_count)
        t = t->next;
    return t;
}

static void count_blocked(tally_comm *c, double begin)
{
    double now = tally_now(c);

    c->blocked += now - begin;
    tally_trace_wait(c->trace, begin, now);
}

/* Blocks until a request of some task is done, then advances that task, which alone has
 * anything to do; *moved: not so until the deadline. */
static tally_status advance_next(tally_comm *c, double deadline, bool *moved)
{
    size_t count = collect(c);
    int which;

    assert(count > 0);
    double begin = deadline > 0 ? tally_now(c) : 0;
    TALLY_TRY(tally_wait_some(c, c->waited, count, deadline, &which, NULL));
    if (deadline > 0) count_blocked(c, begin);
    *moved = which >= 0;
    if (*moved) TALLY_TRY(advance(owner_of(c, c->waited[which])));
    see(c);
    return TALLY_OK;
}

static tally_status advance_each(tally_comm *c)
{
    for (tally_task *t = c->tasks, *next; t; t = next) {
        next = t->next;
        TALLY_TRY(advance(t));
    }
    see(c);
    return TALLY_OK;
}

static const tally_task *first_that_spins(const tally_comm *c)
{
    const tally_task *t = c->tasks;

    while (t && !t->spins)
        t = t->next;
    return t;
}

tally_status tally_task_advance(tally_comm *c)
{
    bool moved = true;

    if (first_that_spins(c)) return advance_each(c);
    while (c->tasks && moved)
        TALLY_TRY(advance_next(c, -(double)INFINITY, &moved));
    see(c);
    return TALLY_OK;
}

static tally_status poll(tally_comm *c)
{
    TALLY_TRY(tally_progress_status(c));
    if (!c->tasks && c->ops->poll) c->ops->poll(c);
    TALLY_TRY(tally_task_advance(c));
    return TALLY_OK;
}

tally_status tally_poll(tally_comm *c)
{
    tally_progress_enter(c);
    tally_status status = poll(c);
    tally_progress_leave(c);
    TALLY_TRY(status);
    return TALLY_OK;
}

/* ---- waiting for memory ---- */

typedef struct vigil { /* one wait, while tasks that spin are under way */
    unsigned rounds;
    double start, patience;
} vigil;

/* After some rounds in vain: yields, then naps, and reports a wait that lasts
 * too long as the comm does, each time it doubles. */
static void rest(vigil *w, tally_comm *c, const tally_task *t)
{
    static const struct timespec nap = {.tv_nsec = 20000};

    if (w->rounds++ < HOT_ROUNDS) return;
    tally_watch_wait(c, t->requests[0].peer, t->requests[0].tag);
    if (w->rounds < YIELDING_ROUNDS)
        sched_yield();
    else
        nanosleep(&nap, NULL);
    if (!c->stalled || !(c->patience > 0) || isinf(c->patience)) return;
    double now = tally_now(c);
    if (w->patience <= 0) *w = (vigil){w->rounds, now, c->patience};
    if (now - w->start < w->patience) return;
    c->stalled(c->stalled_context, c, t->requests[0].peer, t->requests[0].tag,
               w->patience);
    w->patience *= 2;
}

static tally_status wait_for(tally_task *t)
{
    tally_comm *c = t->comm;
    vigil w = {0};

    while (!t->done) {
        const tally_task *spinning = first_that_spins(c);
        bool moved;

        TALLY_TRY(tally_progress_status(c));
        if (!spinning) {
            TALLY_TRY(advance_next(c, (double)INFINITY, &moved));
            continue;
        }
        double begin = tally_now(c);
        TALLY_TRY(advance_each(c));
        if (!t->done && first_that_spins(c)) rest(&w, c, spinning);
        count_blocked(c, begin);
    }
    return TALLY_OK;
}

tally_status tally_task_wait(tally_task *t)
{
    tally_progress_enter(t->comm);
    tally_status status = wait_for(t);
    tally_watch_go_on(t->comm);
    tally_progress_leave(t->comm);
    TALLY_TRY(status);
    return TALLY_OK;
}

void tally_task_drop(tally_task *t)
{
    tally_comm *c = t->comm;

    if (!c) return;
    tally_progress_enter(c);
    unlist(t);
    tally_watch_end(c, t);
    tally_trace_end(c->trace, t);
    tally_trace_ended(c->trace, c->trace ? tally_now(c) : 0);
    if (t->counted) c->waited_most -= t->request_count;
    t->counted = false;
    for (size_t i = 0; i < t->request_count; i++)
        tally_abandon(c, &t->requests[i]);
    tally_progress_leave(c);
}

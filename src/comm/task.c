/* task.c — collectives in pieces: a list of state machines that each comm advances.
 *
 *     start     append, advance once
 *     poll      advance each, oldest first
 *     wait      poll; while t is not done, block on the requests of *all* tasks (of
 * each that goes in order, on the first)
 *
 * Waiting for one task must move the others too: the peer may wait for another one
 * first, and would never reach ours.  Memory: one pointer per request of all open
 * collectives, grown as they open, so that starting them allocates nothing. */

#include "comm/comm.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

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

tally_status tally_task_start(tally_task *t)
{
    tally_task **last = &t->comm->tasks;

    while (*last) {
        assert(*last != t);
        last = &(*last)->next;
    }
    *last = t;
    t->next = NULL;
    t->done = false;
    TALLY_TRY(reserve_listed(t->comm));
    TALLY_TRY(t->advance(t));
    if (t->done) unlist(t);
    return TALLY_OK;
}

static tally_status advance_all(tally_comm *c)
{
    for (tally_task **at = &c->tasks; *at;) {
        tally_task *t = *at;

        TALLY_TRY(t->advance(t));
        if (t->done)
            *at = t->next;
        else
            at = &t->next;
    }
    return TALLY_OK;
}

tally_status tally_poll(tally_comm *c)
{
    if (c->ops->poll) c->ops->poll(c);
    TALLY_TRY(advance_all(c));
    return TALLY_OK;
}

/* Points c->waited at what the tasks wait for; how many. */
static size_t collect(tally_comm *c)
{
    size_t count = 0;

    for (const tally_task *t = c->tasks; t; t = t->next)
        for (size_t i = 0; i < t->request_count; i++) {
            if (!t->requests[i].active) continue;
            c->waited[count++] = &t->requests[i];
            if (t->in_order) break;
        }
    return count;
}

tally_status tally_task_wait(tally_task *t)
{
    tally_comm *c = t->comm;
    int which;

    while (!t->done) {
        TALLY_TRY(advance_all(c));
        if (t->done) break;
        size_t count = collect(c);
        assert(count > 0);
        TALLY_TRY(tally_wait_some(c, c->waited, count, (double)INFINITY, &which, NULL));
    }
    return TALLY_OK;
}

void tally_task_drop(tally_task *t)
{
    if (!t->comm) return;
    unlist(t);
    if (t->counted) t->comm->waited_most -= t->request_count;
    t->counted = false;
    for (size_t i = 0; i < t->request_count; i++)
        tally_abandon(t->comm, &t->requests[i]);
}

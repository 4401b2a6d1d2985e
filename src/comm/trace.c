/* trace.c — when each part of a rank's work began and ended: two rings of spans.
 *
 *     parts         gradient | encode | wire | encode | gradient | ... | apply
 *     collectives       sum of 401408 values ...............
 *                                 sum of 5130 values ...
 *
 * A part ends where the next begins, so one moment serves both, and it is one that the
 * trainer measures anyway.  A span is 56 bytes written in order: no allocation, lock or
 * system call.  What is older than the ring is overwritten. */

#include "comm/trace.h"

#include <math.h>
#include <stdlib.h>

/* Between two looks of one wait that polls, seconds. */
static const double same_wait = 1e-6;

/* ---- rings ---- */

static tally_status open_ring(tally_trace_ring *r, size_t room)
{
    *r = (tally_trace_ring){
        .at = calloc(room, sizeof *r->at), .room = room, .lost = -(double)INFINITY};
    if (!r->at) return TALLY_FAIL(MEMORY, "no memory for a trace of %zu spans", room);
    return TALLY_OK;
}

static uint64_t step_of(const tally_trace *t)
{
    return atomic_load_explicit(&t->step, memory_order_relaxed);
}

static tally_trace_span *at(const tally_trace_ring *r, uint64_t k)
{
    return &r->at[k % r->room];
}

static tally_trace_span *next(tally_trace_ring *r)
{
    tally_trace_span *s = at(r, r->count);

    if (r->count++ >= r->room && s->end > r->lost) r->lost = s->end;
    return s;
}

uint64_t tally_trace_first(const tally_trace_ring *r)
{
    return r->count > r->room ? r->count - r->room : 0;
}

const tally_trace_span *tally_trace_at(const tally_trace_ring *r, uint64_t k)
{
    return at(r, k);
}

tally_status tally_trace_open(tally_trace **trace, size_t room)
{
    tally_trace *t = calloc(1, sizeof *t);

    *trace = t;
    if (!t) return TALLY_FAIL(MEMORY, "no memory for a trace");
    t->waiting = "wait";
    TALLY_TRY(open_ring(&t->parts, room));
    return open_ring(&t->collectives, room);
}

void tally_trace_close(tally_trace *t)
{
    if (!t) return;
    free(t->parts.at);
    free(t->collectives.at);
    free(t);
}

/* ---- parts ---- */

void tally_trace_step(tally_trace *t, uint64_t step)
{
    if (t) atomic_store_explicit(&t->step, step, memory_order_relaxed);
}

void tally_trace_call_waits(tally_trace *t, const char *waiting)
{
    if (t) t->waiting = waiting;
}

void tally_trace_about(tally_trace *t, size_t first)
{
    if (t) t->about = first + 1;
}

void tally_trace_add(tally_trace *t, const char *name, double begin, double end)
{
    if (!t) return;
    *next(&t->parts) = (tally_trace_span){
        .name = name, .begin = begin, .end = end, .step = step_of(t)};
}

const char *tally_trace_turn(tally_trace *t, const char *doing, double now)
{
    if (!t) return NULL;
    const char *done = t->doing;
    if (done && now > t->since)
        *next(&t->parts) = (tally_trace_span){.name = done,
                                              .begin = t->since,
                                              .end = now,
                                              .step = step_of(t),
                                              .about = t->about};
    t->doing = doing;
    t->since = now;
    t->about = 0;
    t->may_go_on = false;
    return done;
}

const char *tally_trace_do(tally_comm *c, const char *doing)
{
    return c->trace ? tally_trace_turn(c->trace, doing, tally_now(c)) : NULL;
}

double tally_trace_enter(tally_comm *c)
{
    double now = tally_now(c);

    if (c->trace) tally_trace_turn(c->trace, c->trace->doing, now);
    return now;
}

void tally_trace_leave(tally_comm *c, const char *name, double begin)
{
    tally_trace_add(c->trace, name, begin, tally_trace_enter(c));
}

/* A wait that polls comes in many pieces, one after the other. */
static bool goes_on(const tally_trace *t, const char *name, double begin)
{
    return t->may_go_on && at(&t->parts, t->parts.count - 1)->name == name &&
           begin - t->since <= same_wait;
}

void tally_trace_interrupt(tally_trace *t, const char *name, double begin, double end)
{
    if (!t || end <= begin || end <= t->since) return;
    if (goes_on(t, name, begin)) {
        at(&t->parts, t->parts.count - 1)->end = end;
        t->since = end;
        return;
    }
    size_t about = t->about;
    const char *doing = tally_trace_turn(t, name, begin > t->since ? begin : t->since);

    tally_trace_turn(t, doing, end);
    t->about = about;
    t->may_go_on = true;
}

void tally_trace_wait(tally_trace *t, double begin, double end)
{
    if (t) tally_trace_interrupt(t, t->waiting, begin, end);
}

/* ---- collectives ---- */

void tally_trace_begin(tally_trace *trace, tally_task *t, double now)
{
    t->traced = 0;
    if (!trace || !t->what) return;
    *next(&trace->collectives) = (tally_trace_span){.name = t->what,
                                                    .unit = t->unit,
                                                    .begin = now,
                                                    .end = (double)NAN,
                                                    .step = step_of(trace),
                                                    .amount = t->amount,
                                                    .about = (size_t)t->tag};
    t->traced = trace->collectives.count;
}

void tally_trace_end(tally_trace *trace, tally_task *t, double now)
{
    tally_trace_ring *r = trace ? &trace->collectives : NULL;

    if (r && t->traced && t->traced + r->room > r->count)
        at(r, t->traced - 1)->end = now;
    t->traced = 0;
}

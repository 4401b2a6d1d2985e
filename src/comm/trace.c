/* trace.c — when each part of a rank's work began and ended: two rings of spans.
 *
 *     parts         gradient | encode | wire | encode | gradient | ... | apply
 *     collectives       sum of 401408 values ...............
 *                                 sum of 5130 values ...
 *
 * A part ends where the next begins, so one moment serves both, and it is one that the
 * trainer measures anyway.  A span is 32 bytes written in order: no allocation, lock or
 * system call.  What is older than the ring is overwritten. */

#include "comm/trace.h"

#include <math.h>
#include <stdlib.h>

/* Between two looks of one wait that polls, seconds. */
static const double same_wait = 1e-6;

/* ---- rings ---- */

static tally_status open_ring(tally_trace_ring *r, size_t room, bool amounts)
{
    *r = (tally_trace_ring){
        .at = calloc(room, sizeof *r->at), .room = room, .lost = -(double)INFINITY};
    if (amounts) r->amounts = calloc(room, sizeof *r->amounts);
    if (!r->at || (amounts && !r->amounts))
        return TALLY_FAIL(MEMORY, "no memory for a trace of %zu spans", room);
    return TALLY_OK;
}

static uint32_t step_of(const tally_trace *t)
{
    return (uint32_t)atomic_load_explicit(&t->step, memory_order_relaxed);
}

/* A ring holds less than 2^32 steps. */
uint64_t tally_trace_step_of(const tally_trace *t, const tally_trace_span *s)
{
    return t->step - (uint32_t)(step_of(t) - s->step);
}

static tally_trace_span *at(const tally_trace_ring *r, uint64_t k)
{
    return &r->at[k % r->room];
}

/* Without a division, which costs as much as the rest. */
static tally_trace_span *next(tally_trace_ring *r)
{
    tally_trace_span *s = &r->at[r->place];

    if (r->count++ >= r->room && s->end > r->lost) r->lost = s->end;
    if (++r->place == r->room) r->place = 0;
    return s;
}

static tally_trace_span *last(const tally_trace_ring *r)
{
    return &r->at[r->place ? r->place - 1 : r->room - 1];
}

uint64_t tally_trace_first(const tally_trace_ring *r)
{
    return r->count > r->room ? r->count - r->room : 0;
}

const tally_trace_span *tally_trace_at(const tally_trace_ring *r, uint64_t k)
{
    return at(r, k);
}

const tally_trace_amount *tally_trace_amount_at(const tally_trace_ring *r, uint64_t k)
{
    return &r->amounts[k % r->room];
}

tally_status tally_trace_open(tally_trace **trace, size_t room)
{
    tally_trace *t = calloc(1, sizeof *t);

    *trace = t;
    if (!t) return TALLY_FAIL(MEMORY, "no memory for a trace");
    t->waiting = "wait";
    TALLY_TRY(open_ring(&t->parts, room, false));
    return open_ring(&t->collectives, room, true);
}

void tally_trace_close(tally_trace *t)
{
    if (!t) return;
    free(t->parts.at);
    free(t->collectives.at);
    free(t->collectives.amounts);
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
    if (t) t->about = first < UINT32_MAX ? (uint32_t)first + 1 : 0;
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
    return t->may_go_on && last(&t->parts)->name == name &&
           begin - t->since <= same_wait;
}

void tally_trace_interrupt(tally_trace *t, const char *name, double begin, double end)
{
    if (!t || end <= begin || end <= t->since) return;
    if (goes_on(t, name, begin)) {
        last(&t->parts)->end = end;
        t->since = end;
        return;
    }
    uint32_t about = t->about;
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
    tally_trace_ring *r = &trace->collectives;
    r->amounts[r->place] = (tally_trace_amount){t->amount, t->unit};
    *next(r) = (tally_trace_span){.name = t->what,
                                  .begin = now,
                                  .end = (double)NAN,
                                  .step = step_of(trace),
                                  .about = (uint32_t)t->tag};
    t->traced = r->count;
}

/* -INFINITY until it is known when. */
void tally_trace_end(tally_trace *trace, tally_task *t)
{
    tally_trace_ring *r = trace ? &trace->collectives : NULL;
    uint64_t k = t->traced - 1;

    if (r && t->traced && t->traced + r->room > r->count) {
        at(r, k)->end = -(double)INFINITY;
        if (trace->ending == trace->ending_end || k < trace->ending) trace->ending = k;
        if (k >= trace->ending_end) trace->ending_end = k + 1;
    }
    t->traced = 0;
}

void tally_trace_ended(tally_trace *trace, double now)
{
    if (!trace || trace->ending == trace->ending_end) return;
    for (uint64_t k = trace->ending; k < trace->ending_end; k++) {
        tally_trace_span *s = at(&trace->collectives, k);

        if (isinf(s->end)) s->end = now;
    }
    trace->ending = trace->ending_end;
}

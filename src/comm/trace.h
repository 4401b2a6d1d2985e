/* trace.h — when each part of a rank's work began and ended, for a picture of it.
 *
 * A rank does one thing at a time: its parts tile its time.  Collectives run beside
 * them.  Every call does nothing when there is no recorder (NULL).  Local. */

#ifndef TALLY_COMM_TRACE_H
#define TALLY_COMM_TRACE_H

#include "tally/comm.h"

#include <stdatomic.h>

/* From begin to end, in seconds of the rank's own clock.  Two to a line of the cache:
 * writing to memory is most of what a trace costs. */
typedef struct tally_trace_span {
    const char *name; /* static: "encode"; of a collective: "sum of" */
    double begin, end;
    uint32_t step;  /* the last digits: see tally_trace_step_of */
    uint32_t about; /* of a collective: its tag; else 1 + a weight that it is about, 0:
                       none */
} tally_trace_span;

typedef struct tally_trace_amount { /* of a collective, "values" */
    uint64_t amount;
    const char *unit;
} tally_trace_amount;

/* The last `room` of those that were added. */
typedef struct tally_trace_ring {
    tally_trace_span *at;        /* owned */
    tally_trace_amount *amounts; /* owned; NULL for parts */
    size_t room, place;          /* place: of the next one */
    uint64_t count;              /* added so far: span k is at k % room */
    double lost; /* the latest end of those overwritten; -INFINITY: none was */
} tally_trace_ring;

typedef struct tally_trace {
    tally_trace_ring parts;
    /* Guarded by the lock of the comm's progress, as is: spans [ending, ending_end) of
     * them may have ended, when the clock is looked at next. */
    tally_trace_ring collectives;
    uint64_t ending, ending_end;
    const char *doing;     /* the part under way; NULL: none that has a name */
    const char *waiting;   /* what waits for collectives are called */
    double since;          /* of the part */
    uint32_t about;        /* likewise */
    bool may_go_on;        /* the last span was an interruption that has just ended */
    _Atomic uint64_t step; /* the comm's thread reads it too */
} tally_trace;

/* room: spans kept of each kind.  Returns TALLY_MEMORY. */
tally_status tally_trace_open(tally_trace **trace, size_t room);
void tally_trace_close(tally_trace *t);

/* From `now` on this rank does `doing`.  Returns what it did until then. */
const char *tally_trace_turn(tally_trace *t, const char *doing, double now);

/* The same now.  The clock is asked only where there is a recorder. */
const char *tally_trace_do(tally_comm *c, const char *doing);

/* What the part under way is about: the weight `first`. */
void tally_trace_about(tally_trace *t, size_t first);

/* What follows belongs to this step, and waits for collectives are called so. */
void tally_trace_step(tally_trace *t, uint64_t step);
void tally_trace_call_waits(tally_trace *t, const char *waiting);

/* The part under way was interrupted by another one, or by a wait for a collective, and
 * goes on. */
void tally_trace_interrupt(tally_trace *t, const char *name, double begin, double end);
void tally_trace_wait(tally_trace *t, double begin, double end);

/* A span around parts, or an instant among them (begin = end). */
void tally_trace_add(tally_trace *t, const char *name, double begin, double end);

/* The same from a call to enter, which says when, to now: the part under way then, and
 * the one now, are cut there. */
double tally_trace_enter(tally_comm *c);
void tally_trace_leave(tally_comm *c, const char *name, double begin);

/* A collective that started now; one that has ended; and the moment when those of late
 * have: a pass over collectives looks at the clock once. */
void tally_trace_begin(tally_trace *trace, tally_task *t, double now);
void tally_trace_end(tally_trace *trace, tally_task *t);
void tally_trace_ended(tally_trace *trace, double now);

/* Spans [first, count) are kept. */
uint64_t tally_trace_first(const tally_trace_ring *r);
const tally_trace_span *tally_trace_at(const tally_trace_ring *r, uint64_t k);
const tally_trace_amount *tally_trace_amount_at(const tally_trace_ring *r, uint64_t k);
uint64_t tally_trace_step_of(const tally_trace *t, const tally_trace_span *s);

#endif

/* watch.h — a thread beside each rank that says who holds up a run, and ends it.
 *
 * It never calls the comm: ranks ask each other by datagrams of their own. */

#ifndef TALLY_COMM_WATCH_H
#define TALLY_COMM_WATCH_H

#include "tally/comm.h"

#include "comm/survey.h"
#include "comm/trail.h"

typedef struct tally_watch tally_watch;

typedef struct tally_watch_terms {
    double timeout; /* seconds in one wait or collective that end the run; 0: never */
    /* Optional: told who holds up the others, one whole sentence; and what a tag is
     * about ("dense1.weight"; "" when it is about nothing).  Called by the thread, at
     * any time. */
    void (*stalled)(void *observer, const char *sentence);
    void (*name)(void *context, int tag, char *text, size_t most);
    void *observer, *context;
} tally_watch_terms;

/* Opens the trail of c, and where ranks are processes the thread.  Comms that are split
 * from c later on share it.  One that c has already (a bench's, around its
 * runs) goes on by its own terms, with an empty trail.  Collective. */
tally_status tally_watch_open(tally_comm *c, const tally_watch_terms *terms);
void tally_watch_close(tally_comm *c); /* as often as it was opened; local */

/* The name of a rank's host; NULL where all share one, or nobody watches.  Local. */
const char *tally_watch_host(const tally_comm *c, int rank);

/* ---- the trail; nothing happens on a comm without one.  Local ---- */

void tally_watch_step(tally_comm *c, uint64_t step); /* that is under way now */

/* A collective, and a wait that may be long (peer TALLY_ANY: for all). */
void tally_watch_begin(tally_comm *c, tally_task *t);
void tally_watch_end(tally_comm *c, tally_task *t);
void tally_watch_wait(const tally_comm *c, int peer, int tag);
void tally_watch_go_on(const tally_comm *c);

/* How many collectives all ranks have started so far on this comm, and the sum of their
 * signatures: the same on each rank at the same place of its program. */
void tally_watch_sum(const tally_comm *c, uint64_t *number, uint64_t *sum);

/* The last collectives of this rank, newest first, at most so many; returns how many.
 * And one of them in words, with what its tag is about.  c must be watched.  Local. */
size_t tally_watch_recent(const tally_comm *c, tally_act *acts, size_t most);
void tally_watch_describe(const tally_comm *c, const tally_act *act,
                          char text[TALLY_ACT_TEXT]);

/* Before this rank ends all: has the thread print what each of them does, and waits for
 * it.  That takes a few milliseconds when all answer, 0.5 s at most.  Local. */
void tally_watch_last_words(const tally_comm *c);

/* Has the thread ask all ranks soon, and tell who holds up the others; false when there
 * is none.  Local; does not block. */
bool tally_watch_ask(const tally_comm *c);

#endif

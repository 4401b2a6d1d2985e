/* trail.h — what this rank did last: the collectives it started, the wait it is in. */

#ifndef TALLY_COMM_TRAIL_H
#define TALLY_COMM_TRAIL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One collective. */
typedef struct tally_act {
    /* From 1, of those that all ranks start in the same order; 0: some ranks alone, or
     * from inside another one. */
    uint64_t number;
    uint64_t signature; /* of what all ranks must have in common: the fields below */
    uint64_t step;
    const char *what, *unit; /* "sum of", "values" */
    int tag;
    uint64_t amount;
    double begun, ended; /* seconds of the trail's clock; ended 0: under way */
} tally_act;

enum { TALLY_TRAIL_MOST = 256 };

typedef struct tally_trail {
    pthread_mutex_t lock; /* guards all below */
    tally_act acts[TALLY_TRAIL_MOST];
    uint64_t count;       /* acts so far; act k, from 1, is at (k - 1) % MOST */
    uint64_t number, sum; /* of those with a number: how many, and their signatures */
    uint64_t step;        /* under way */
    /* Outside the lock: a wait is what happens most often.  0: none; else who for. */
    _Atomic uint64_t waits;
    _Atomic double since;
} tally_trail;

void tally_trail_open(tally_trail *t);
void tally_trail_close(tally_trail *t);
void tally_trail_forget(tally_trail *t); /* no collective may be under way */

/* Seconds of a clock that only grows; some ms fine. */
double tally_trail_now(void);

/* Notes the start of a collective (what, unit, tag, amount set), numbered when all
 * ranks start it.  Returns its place, from 1, for its end. */
uint64_t tally_trail_begin(tally_trail *t, tally_act act, bool of_all);
void tally_trail_end(tally_trail *t, uint64_t place);

/* For a peer, or -1 for any; a second one before going on is the same wait. */
void tally_trail_wait(tally_trail *t, int peer, int tag);
void tally_trail_go_on(tally_trail *t);

typedef struct tally_pause {
    bool waits;
    int peer, tag;
    double seconds; /* so far */
} tally_pause;

tally_pause tally_trail_pause(const tally_trail *t);

/* The last collectives that have a number, newest first, `most` at most; how many. */
size_t tally_trail_recent(tally_trail *t, tally_act *acts, size_t most);

/* "exchange 3" */
void tally_tag_print(int tag, char *text, size_t most);

/* "sum of 4096 values, exchange 3, step 57" */
void tally_act_print(const tally_act *act, char *text, size_t most);

/* Seconds that this rank has been in its wait, or the oldest collective that is under
 * way has lasted, whichever is longer. */
double tally_trail_age(tally_trail *t);

#endif

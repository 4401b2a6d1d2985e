/* baton.h — threads of which exactly one runs: the one with the lowest virtual clock.
 */

#ifndef TALLY_COMM_BATON_H
#define TALLY_COMM_BATON_H

#include "tally/status.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct tally_runner {
    double clock; /* seconds of virtual time; its own to move forward */
    double key;   /* while blocked: when it can go on; INFINITY: nobody knows */
    bool blocked, stuck, ended;
    pthread_t thread;
    pthread_cond_t turn;
    struct tally_baton *baton;
} tally_runner;

typedef struct tally_baton {
    int count;
    int running; /* who holds the baton; -1 before the start */
    int rival;   /* who would run next; -1: nobody can */
    bool called_off;
    tally_runner *runners; /* owned */
    pthread_mutex_t mutex;
    void (*work)(void *context, int me);
    /* Called when nobody can run, before all who are blocked wake up stuck. */
    void (*stuck)(void *context);
    void *context;
} tally_baton;

/* Set work, stuck and context after. */
tally_status tally_baton_open(tally_baton *b, int count);
void tally_baton_close(tally_baton *b);

/* Runs work(context, i) in thread i for all i; returns when all have returned. */
tally_status tally_baton_run(tally_baton *b);

/* The rest is called by the runner that holds the baton. */

/* Lets those run whose clocks are lower (or equal, with a lower index). */
void tally_baton_yield(tally_baton *b, int me);

/* Lets others run until `key` is the lowest; then my clock is at least key.  False:
 * nobody could run any more. */
bool tally_baton_block(tally_baton *b, int me, double key);

/* A blocked runner can go on at `key` at the latest. */
void tally_baton_hasten(tally_baton *b, int who, double key);

/* Every blocked runner can go on right now. */
void tally_baton_wake_all(tally_baton *b, int me);

#endif

/* team.c — threads of this process that share one piece of work at a time.
 *
 * A training step alternates products of 50 us with short serial stretches.  A helper
 * therefore waits in two stages: it spins for some 20 us, which bridges the gaps within
 * a step, and then sleeps, so that it never holds a core that somebody else could use.
 * (OpenMP's helpers spin for milliseconds: with two of its threads on a busy machine a
 * step took 1.5, 5 and 13 times as long in three runs.)
 *
 * Helpers are started when they are first needed and live as long as the process. Every
 * helper takes part in every round, if only to say that it has nothing to do: what a
 * round is about then changes only while all of them wait. */

#include "num/team.h"

#include "base/thread.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

enum { SPINS = 1000 };

typedef struct team {
    pthread_mutex_t used;  /* by the caller whose round it is */
    pthread_mutex_t mutex; /* guards `round` for those who sleep */
    pthread_cond_t begun;
    size_t helpers;                 /* started so far */
    unsigned seen[TALLY_TEAM_MOST]; /* the round before a helper's first */
    size_t parts;
    void (*work)(void *context, size_t part);
    void *context;
    atomic_uint round;
    atomic_size_t busy; /* helpers that have not finished this round */
} team;

static team us = {.used = PTHREAD_MUTEX_INITIALIZER,
                  .mutex = PTHREAD_MUTEX_INITIALIZER,
                  .begun = PTHREAD_COND_INITIALIZER};

/* Tells the core that this is a spin, so that it saves power and its sibling runs. */
static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Returns the number of the next round. */
static unsigned await_round(unsigned last)
{
    for (int i = 0; i < SPINS; i++) {
        unsigned round = atomic_load_explicit(&us.round, memory_order_acquire);

        if (round != last) return round;
        pause_briefly();
    }
    pthread_mutex_lock(&us.mutex);
    while (atomic_load(&us.round) == last)
        pthread_cond_wait(&us.begun, &us.mutex);
    pthread_mutex_unlock(&us.mutex);
    return last + 1;
}

/* Helper number `part`, from 1. */
static void *help(void *number)
{
    size_t part = (size_t)(uintptr_t)number;
    unsigned round = us.seen[part];

    while (1) {
        round = await_round(round);
        if (part < us.parts) us.work(us.context, part);
        atomic_fetch_sub_explicit(&us.busy, 1, memory_order_release);
    }
    return NULL;
}

static void start_helpers(size_t wanted)
{
    pthread_t thread;

    while (us.helpers < wanted) {
        size_t part = us.helpers + 1;

        us.seen[part] = atomic_load(&us.round);
        if (tally_thread_start(&thread, NULL, help, (void *)(uintptr_t)part)) break;
        pthread_detach(thread);
        us.helpers++;
    }
}

static void begin(size_t parts, void (*work)(void *context, size_t part), void *context)
{
    us.parts = parts;
    us.work = work;
    us.context = context;
    atomic_store(&us.busy, us.helpers);
    pthread_mutex_lock(&us.mutex);
    atomic_fetch_add(&us.round, 1);
    pthread_cond_broadcast(&us.begun);
    pthread_mutex_unlock(&us.mutex);
}

static void await_helpers(void)
{
    for (int i = 0; atomic_load_explicit(&us.busy, memory_order_acquire) > 0; i++) {
        if (i < SPINS)
            pause_briefly();
        else
            sched_yield();
    }
}

void tally_team_share(size_t parts, void (*work)(void *context, size_t part),
                      void *context)
{
    size_t alone = 0; /* the first part that nobody else does */

    assert(parts <= TALLY_TEAM_MOST);
    if (parts > 1 && pthread_mutex_trylock(&us.used) == 0) {
        start_helpers(parts - 1);
        begin(parts, work, context);
        work(context, 0);
        await_helpers();
        alone = us.helpers + 1;
        pthread_mutex_unlock(&us.used);
    }
    for (size_t part = alone; part < parts; part++)
        work(context, part);
}

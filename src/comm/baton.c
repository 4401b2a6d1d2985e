/* baton.c — threads of which exactly one runs: the one with the lowest virtual clock.
 *
 *     next = argmin over runners of (blocked ? key : clock, index)
 *
 * The baton passes under one mutex, with a condition variable for each runner, so all
 * that runners do is ordered: what they share needs no other lock, and the order is the
 * same in every run.  The holder knows its rival (the next best), which only the holder
 * itself can change, so a yield that keeps the baton costs two comparisons. */

#include "comm/baton.h"

#include "base/thread.h"

#include <math.h>
#include <stdlib.h>

static const size_t stack_bytes = (size_t)8 << 20; /* virtual: a body may train nets */

static double key_of(const tally_runner *r)
{
    if (r->ended) return (double)INFINITY;
    return r->blocked ? r->key : r->clock;
}

static bool comes_before(const tally_baton *b, int i, int k)
{
    double first = key_of(&b->runners[i]), second = key_of(&b->runners[k]);

    return first < second || (i < k && !(second < first));
}

/* The best of all but `me`; -1 when none of them can run. */
static int find_rival(const tally_baton *b, int me)
{
    int best = -1;

    for (int i = 0; i < b->count; i++) {
        if (i == me || isinf(key_of(&b->runners[i]))) continue;
        if (best < 0 || comes_before(b, i, best)) best = i;
    }
    return best;
}

static void wait_for_turn(tally_baton *b, int me)
{
    pthread_mutex_lock(&b->mutex);
    while (b->running != me)
        pthread_cond_wait(&b->runners[me].turn, &b->mutex);
    pthread_mutex_unlock(&b->mutex);
    b->rival = find_rival(b, me);
}

/* The signal comes after the unlock, so that who wakes up finds the mutex free. */
static void hand_over(tally_baton *b, int next)
{
    pthread_mutex_lock(&b->mutex);
    b->running = next;
    pthread_mutex_unlock(&b->mutex);
    pthread_cond_signal(&b->runners[next].turn);
}

static void switch_to(tally_baton *b, int next, int me)
{
    if (next == me) return;
    hand_over(b, next);
    wait_for_turn(b, me);
}

/* Nobody can run: all who are blocked wake up to say so. */
static void give_up(tally_baton *b, int me)
{
    b->stuck(b->context);
    for (int i = 0; i < b->count; i++)
        if (b->runners[i].blocked) b->runners[i].stuck = true;
    tally_baton_wake_all(b, me);
}

void tally_baton_wake_all(tally_baton *b, int me)
{
    for (int i = 0; i < b->count; i++)
        if (b->runners[i].blocked) b->runners[i].key = b->runners[i].clock;
    b->rival = find_rival(b, me);
}

void tally_baton_yield(tally_baton *b, int me)
{
    if (b->rival >= 0 && comes_before(b, b->rival, me)) switch_to(b, b->rival, me);
}

bool tally_baton_block(tally_baton *b, int me, double key)
{
    tally_runner *r = &b->runners[me];

    r->blocked = true;
    r->key = fmax(key, r->clock);
    if (b->rival < 0 && isinf(r->key)) give_up(b, me);
    if (b->rival >= 0 && comes_before(b, b->rival, me)) switch_to(b, b->rival, me);
    r->blocked = false;
    r->clock = fmax(r->clock, r->key);
    bool stuck = r->stuck;
    r->stuck = false;
    return !stuck;
}

void tally_baton_hasten(tally_baton *b, int who, double key)
{
    tally_runner *r = &b->runners[who];

    if (!r->blocked || r->key <= key) return;
    r->key = fmax(key, r->clock);
    if (b->rival < 0 || comes_before(b, who, b->rival)) b->rival = who;
}

/* The last thing a runner does. */
static void end(tally_baton *b, int me)
{
    bool anyone = false;

    b->runners[me].ended = true;
    for (int i = 0; i < b->count; i++)
        anyone = anyone || !b->runners[i].ended;
    if (!anyone) return;
    if (b->rival < 0) give_up(b, me);
    hand_over(b, b->rival);
}

static void *run(void *argument)
{
    tally_runner *r = argument;
    tally_baton *b = r->baton;
    int me = (int)(r - b->runners);

    wait_for_turn(b, me);
    if (!b->called_off) b->work(b->context, me);
    end(b, me);
    return NULL;
}

tally_status tally_baton_open(tally_baton *b, int count)
{
    *b = (tally_baton){.count = count, .running = -1, .rival = -1};
    b->runners = calloc((size_t)count, sizeof *b->runners);
    if (!b->runners) return TALLY_FAIL(MEMORY, "no memory for %d ranks", count);
    pthread_mutex_init(&b->mutex, NULL);
    for (int i = 0; i < count; i++) {
        pthread_cond_init(&b->runners[i].turn, NULL);
        b->runners[i].baton = b;
    }
    return TALLY_OK;
}

void tally_baton_close(tally_baton *b)
{
    if (!b->runners) return;
    for (int i = 0; i < b->count; i++)
        pthread_cond_destroy(&b->runners[i].turn);
    pthread_mutex_destroy(&b->mutex);
    free(b->runners);
    *b = (tally_baton){0};
}

/* Starts threads until one fails; they wait for the baton.  Returns how many run. */
static int start(tally_baton *b)
{
    pthread_attr_t attributes;
    int started = 0;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    while (started < b->count &&
           tally_thread_start(&b->runners[started].thread, &attributes, run,
                              &b->runners[started]) == 0)
        started++;
    pthread_attr_destroy(&attributes);
    return started;
}

tally_status tally_baton_run(tally_baton *b)
{
    int started = start(b), wanted = b->count;

    if (started == 0) return TALLY_FAIL(MEMORY, "cannot start a thread");
    b->called_off = started < wanted;
    for (int i = started; i < wanted; i++)
        b->runners[i].ended = true;
    hand_over(b, 0);
    for (int i = 0; i < started; i++)
        pthread_join(b->runners[i].thread, NULL);
    if (started < wanted)
        return TALLY_FAIL(MEMORY, "cannot start %d threads: only %d", wanted, started);
    return TALLY_OK;
}

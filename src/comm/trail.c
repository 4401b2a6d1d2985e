/* trail.c — what this rank did last: a ring of 256 collectives, and the wait it is in.
 *
 *     signature = XXH3(what, tag, amount, step)      of a collective
 *     sum       = sum of the signatures so far       mod 2^64
 *
 * Kept at all times, so that there is something to tell when a run hangs.  A collective
 * costs two turns of a lock that nobody else wants and a hash of 40 bytes, a wait two
 * stores. */

#include "comm/trail.h"

#include "tally/comm.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

void tally_trail_open(tally_trail *t)
{
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
}

void tally_trail_close(tally_trail *t)
{
    pthread_mutex_destroy(&t->lock);
}

void tally_trail_forget(tally_trail *t)
{
    pthread_mutex_lock(&t->lock);
    t->count = t->number = t->sum = t->step = 0;
    pthread_mutex_unlock(&t->lock);
}

double tally_trail_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t sign(const tally_act *act)
{
    struct {
        char what[16];
        uint64_t tag, amount, step;
    } common = {.tag = (uint64_t)act->tag, .amount = act->amount, .step = act->step};

    strncpy(common.what, act->what, sizeof common.what - 1);
    return XXH3_64bits(&common, sizeof common);
}

static tally_act *act_at(tally_trail *t, uint64_t place)
{
    return &t->acts[(place - 1) % TALLY_TRAIL_MOST];
}

uint64_t tally_trail_begin(tally_trail *t, tally_act act, bool of_all)
{
    act.begun = tally_trail_now();
    act.ended = 0;
    act.number = 0;
    pthread_mutex_lock(&t->lock);
    act.step = t->step;
    act.signature = sign(&act);
    if (of_all) {
        act.number = ++t->number;
        t->sum += act.signature;
    }
    uint64_t place = ++t->count;
    *act_at(t, place) = act;
    pthread_mutex_unlock(&t->lock);
    return place;
}

void tally_trail_end(tally_trail *t, uint64_t place)
{
    pthread_mutex_lock(&t->lock);
    if (place + TALLY_TRAIL_MOST > t->count)
        act_at(t, place)->ended = tally_trail_now();
    pthread_mutex_unlock(&t->lock);
}

/* Peers and tags from 1 in the halves of a word, so that 0 is no wait. */
void tally_trail_wait(tally_trail *t, int peer, int tag)
{
    uint64_t word = (uint64_t)(peer + 2) << 32 | (uint64_t)(tag + 1);

    if (!atomic_load_explicit(&t->waits, memory_order_relaxed))
        atomic_store_explicit(&t->since, tally_trail_now(), memory_order_relaxed);
    atomic_store_explicit(&t->waits, word, memory_order_release);
}

void tally_trail_go_on(tally_trail *t)
{
    atomic_store_explicit(&t->waits, 0, memory_order_relaxed);
}

tally_pause tally_trail_pause(const tally_trail *t)
{
    uint64_t word = atomic_load_explicit(&t->waits, memory_order_acquire);
    double since = atomic_load_explicit(&t->since, memory_order_relaxed);

    if (!word) return (tally_pause){.waits = false};
    return (tally_pause){.waits = true,
                         .peer = (int)(word >> 32) - 2,
                         .tag = (int)(word & UINT32_MAX) - 1,
                         .seconds = tally_trail_now() - since};
}

static uint64_t oldest(const tally_trail *t)
{
    return t->count > TALLY_TRAIL_MOST ? t->count - TALLY_TRAIL_MOST + 1 : 1;
}

size_t tally_trail_recent(tally_trail *t, tally_act *acts, size_t most)
{
    size_t found = 0;

    pthread_mutex_lock(&t->lock);
    for (uint64_t k = t->count; k >= oldest(t) && k > 0 && found < most; k--)
        if (act_at(t, k)->number) acts[found++] = *act_at(t, k);
    pthread_mutex_unlock(&t->lock);
    return found;
}

void tally_tag_print(int tag, char *text, size_t most)
{
    static const char *const channels[TALLY_CHANNELS] = {"control", "exchange", "mix",
                                                         "state", "user"};

    snprintf(text, most, "%s %d", channels[tag / TALLY_TAG(1, 0)],
             tag % TALLY_TAG(1, 0) / 2);
}

void tally_act_print(const tally_act *act, char *text, size_t most)
{
    char tag[32];

    tally_tag_print(act->tag, tag, sizeof tag);
    snprintf(text, most, "%s %llu %s, %s, step %llu", act->what,
             (unsigned long long)act->amount, act->unit, tag,
             (unsigned long long)act->step);
}

double tally_trail_age(tally_trail *t)
{
    double now = tally_trail_now(), age = tally_trail_pause(t).seconds;

    pthread_mutex_lock(&t->lock);
    for (uint64_t k = oldest(t); k <= t->count; k++) {
        const tally_act *act = act_at(t, k);

        if (act->ended > 0) continue;
        if (now - act->begun > age) age = now - act->begun;
        break;
    }
    pthread_mutex_unlock(&t->lock);
    return age;
}

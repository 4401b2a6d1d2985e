/* progress.c — a thread that advances collectives while its rank computes.
 *
 *     while there are tasks    lock, advance those that can go on, unlock, nap
 *     while there are none     sleep
 *
 * An MPI over TCP moves bytes only inside its own calls (Brightwell and Underwood, An
 * analysis of the impact of MPI overlap and independent progress, 2004), and a layer's
 * products last longer than what the sockets hold.  The thread naps instead of
 * spinning: on a machine whose cores all compute it then takes a few per cent of one.
 *
 * One lock guards a comm, all that were split from it and their tasks; every call of
 * comm.h takes it.  A rank that waits holds it and does the work itself, so the thread
 * is of use only while the rank computes, and MPI sees one call at a time.  What a task
 * combines (a sum, a vote) may run in the thread; it touches its own memory alone. */

#include "comm/progress.h"

#include "base/thread.h"
#include "comm/comm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct tally_progress {
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below, and the comms */
    pthread_cond_t work;
    struct timespec nap;
    tally_comm *comms; /* chained by next_moved */
    bool leaving;
    tally_status status; /* the first failure of the thread, and its words */
    tally_error error;
} tally_progress;

void tally_progress_enter(const tally_comm *c)
{
    if (c->progress) pthread_mutex_lock(&c->progress->lock);
}

void tally_progress_leave(const tally_comm *c)
{
    if (c->progress) pthread_mutex_unlock(&c->progress->lock);
}

void tally_progress_wake(const tally_comm *c)
{
    if (c->progress) pthread_cond_signal(&c->progress->work);
}

tally_status tally_progress_status(const tally_comm *c)
{
    if (!c->progress || !c->progress->status) return TALLY_OK;
    tally_error_restore(&c->progress->error);
    return c->progress->status;
}

/* ---- the thread ---- */

static bool has_work(const tally_progress *p)
{
    const tally_comm *c = p->comms;

    while (c && !c->tasks)
        c = c->next_moved;
    return c && !p->status;
}

static void look(tally_progress *p)
{
    for (tally_comm *c = p->comms; c && !p->status; c = c->next_moved) {
        if (!c->tasks) continue;
        p->status = tally_task_advance(c);
        if (p->status) tally_error_save(&p->error);
    }
}

static void *move(void *context)
{
    tally_progress *p = context;

    pthread_mutex_lock(&p->lock);
    while (!p->leaving) {
        if (!has_work(p)) {
            pthread_cond_wait(&p->work, &p->lock);
            continue;
        }
        look(p);
        pthread_mutex_unlock(&p->lock);
        nanosleep(&p->nap, NULL);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- start and end ---- */

static int make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t kind;
    int code = pthread_mutexattr_init(&kind);

    if (code) return code;
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    code = pthread_mutex_init(lock, &kind);
    pthread_mutexattr_destroy(&kind);
    return code;
}

tally_status tally_progress_open(tally_comm *c, double nap)
{
    tally_progress *p = calloc(1, sizeof *p);

    if (!p) return TALLY_FAIL(MEMORY, "no memory for a progress thread");
    p->nap.tv_sec = (time_t)nap;
    p->nap.tv_nsec = (long)(1e9 * (nap - (double)p->nap.tv_sec));
    p->comms = c;
    int code = make_lock(&p->lock);
    if (!code) {
        pthread_cond_init(&p->work, NULL);
        code = tally_thread_start(&p->thread, NULL, move, p);
        if (code) {
            pthread_cond_destroy(&p->work);
            pthread_mutex_destroy(&p->lock);
        }
    }
    if (code) {
        free(p);
        return TALLY_FAIL(MEMORY, "cannot start a progress thread: %s", strerror(code));
    }
    c->progress = p;
    return TALLY_OK;
}

void tally_progress_close(tally_comm *c)
{
    tally_progress *p = c->progress;

    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->leaving = true;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
    c->progress = NULL;
}

void tally_progress_join(tally_comm *c, tally_comm *sub)
{
    if (!c->progress) return;
    sub->progress = c->progress;
    tally_progress_enter(c);
    sub->next_moved = c->next_moved;
    c->next_moved = sub;
    tally_progress_leave(c);
}

void tally_progress_part(tally_comm *sub)
{
    tally_progress *p = sub->progress;

    if (!p) return;
    pthread_mutex_lock(&p->lock);
    for (tally_comm **at = &p->comms; *at; at = &(*at)->next_moved) {
        if (*at != sub) continue;
        *at = sub->next_moved;
        break;
    }
    pthread_mutex_unlock(&p->lock);
    sub->progress = NULL;
}

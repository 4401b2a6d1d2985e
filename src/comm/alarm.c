/* alarm.c — a thread that sleeps until a call has come back, or for too long.
 *
 * For calls that nothing else can end: MPI_Init waits for every process that the
 * launcher started, whatever that process does. */

#include "comm/alarm.h"

#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct tally_alarm {
    pthread_t thread;
    pthread_mutex_t lock; /* guards `over` */
    pthread_cond_t end;
    struct timespec due;
    bool over;
    tally_status code;
    char text[1024];
    int length;
};

static void *sleep_on(void *context)
{
    tally_alarm *a = context;
    int code = 0;

    pthread_mutex_lock(&a->lock);
    while (!a->over && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&a->end, &a->lock, &a->due);
    bool over = a->over;
    pthread_mutex_unlock(&a->lock);
    if (over) return NULL;
    if (write(STDERR_FILENO, a->text, (size_t)a->length) < 0) _exit((int)a->code);
    _exit((int)a->code);
}

static struct timespec in_seconds(double seconds)
{
    struct timespec due;
    double most = 1e9; /* decades: no overflow */

    clock_gettime(CLOCK_MONOTONIC, &due);
    if (seconds > most) seconds = most;
    due.tv_sec += (time_t)seconds;
    due.tv_nsec += (long)(1e9 * (seconds - (double)(time_t)seconds));
    if (due.tv_nsec >= 1000000000) {
        due.tv_nsec -= 1000000000;
        due.tv_sec++;
    }
    return due;
}

void tally_alarm_open(tally_alarm **at, double seconds, tally_status code,
                      const char *sentence)
{
    pthread_condattr_t clock;
    tally_alarm *a = seconds > 0 ? calloc(1, sizeof *a) : NULL;

    *at = NULL;
    if (!a) return;
    a->due = in_seconds(seconds);
    a->code = code;
    a->length = snprintf(a->text, sizeof a->text, "tally: %.1000s\n", sentence);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&a->end, &clock);
    pthread_condattr_destroy(&clock);
    if (tally_thread_start(&a->thread, NULL, sleep_on, a) == 0) {
        *at = a;
        return;
    }
    pthread_cond_destroy(&a->end);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

void tally_alarm_close(tally_alarm *a)
{
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->over = true;
    pthread_cond_signal(&a->end);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->end);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* thread.h — our own threads take no signals: those are for the host program. */

#ifndef TALLY_BASE_THREAD_H
#define TALLY_BASE_THREAD_H

#include <pthread.h>

/* pthread_create with every signal blocked in the new thread; its error number. */
int tally_thread_start(pthread_t *thread, const pthread_attr_t *attributes,
                       void *(*body)(void *context), void *context);

#endif

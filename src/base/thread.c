#include "base/thread.h"

#include <signal.h>

int tally_thread_start(pthread_t *thread, const pthread_attr_t *attributes,
                       void *(*body)(void *context), void *context)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, attributes, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* talk.c — words between ranks of a bench, outside what is measured. */

#include "cli/bench/talk.h"

#include "comm/comm.h"

#include <time.h>

enum { TAG = TALLY_TAG(TALLY_USER, 1) };

tally_status bench_tell(tally_comm *c, int to, const void *p, size_t n)
{
    tally_request r = {0};

    TALLY_TRY(tally_isend(c, to, TAG, p, n, &r));
    return tally_wait(c, &r, NULL);
}

tally_status bench_hear(tally_comm *c, int from, void *p, size_t n)
{
    tally_request r = {0};

    TALLY_TRY(tally_irecv(c, from, TAG, p, n, &r));
    return tally_wait(c, &r, NULL);
}

tally_status bench_sleep_until_told(tally_comm *c, int from, void *p, size_t n)
{
    static const struct timespec nap = {.tv_nsec = 200000};
    tally_request r = {0};
    bool done = false;

    if (c->ops->spend) return bench_hear(c, from, p, n);
    TALLY_TRY(tally_irecv(c, from, TAG, p, n, &r));
    while (!done) {
        nanosleep(&nap, NULL);
        TALLY_TRY(tally_test(c, &r, &done, NULL));
    }
    return TALLY_OK;
}

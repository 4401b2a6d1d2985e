/* clock.c — one clock for all ranks: how far each one's is ahead of rank 0's.
 *
 *     round j     rank r < 2^j serves rank r + 2^j, which asks for the time again and
 *                 again and believes the answer that came soonest:
 *                     ahead = (asked + answered) / 2 - what it was told
 *
 * Cristian, Probabilistic clock synchronization, Distributed Computing 3, 1989.  Wrong
 * by half of the shortest round trip at most, on top of what the answers are wrong by,
 * which they say; clocks drift apart again, some 10 us in a second.  Simulated ranks
 * have one clock. */

#include "comm/comm.h"

#include <math.h>

enum { ASKED = 10 };

static int tag(void)
{
    return TALLY_TAG(TALLY_CONTROL, TALLY_OWN_CLOCK);
}

/* A question is as long as its answer: on a link that is the same both ways neither is
 * longer under way. */
typedef struct answer {
    double now, error;
} answer;

static tally_status serve(tally_comm *c, int to)
{
    for (int i = 0; i < ASKED; i++) {
        tally_request r = {0};
        answer a;

        TALLY_TRY(tally_irecv(c, to, tag(), &a, sizeof a, &r));
        TALLY_TRY(tally_wait(c, &r, NULL));
        a = (answer){tally_common_now(c), c->ahead_error};
        TALLY_TRY(tally_isend(c, to, tag(), &a, sizeof a, &r));
        TALLY_TRY(tally_wait(c, &r, NULL));
    }
    return TALLY_OK;
}

static tally_status ask(tally_comm *c, int from)
{
    double soonest = (double)INFINITY;

    for (int i = 0; i < ASKED; i++) {
        tally_request out = {0}, in = {0};
        double asked = tally_now(c);
        answer told, question = {0};

        TALLY_TRY(tally_isend(c, from, tag(), &question, sizeof question, &out));
        TALLY_TRY(tally_irecv(c, from, tag(), &told, sizeof told, &in));
        TALLY_TRY(tally_wait(c, &out, NULL));
        TALLY_TRY(tally_wait(c, &in, NULL));
        double answered = tally_now(c);
        if (answered - asked >= soonest) continue;
        soonest = answered - asked;
        c->ahead = (asked + answered) / 2 - told.now;
        c->ahead_error = soonest / 2 + told.error;
    }
    return TALLY_OK;
}

tally_status tally_comm_set_clock(tally_comm *c)
{
    if (c->ops->spend) return TALLY_OK;
    for (int reach = 1; reach < c->size; reach *= 2) {
        if (c->rank < reach && c->rank + reach < c->size)
            TALLY_TRY(serve(c, c->rank + reach));
        if (c->rank >= reach && c->rank < 2 * reach) TALLY_TRY(ask(c, c->rank - reach));
    }
    return TALLY_OK;
}

double tally_common_now(tally_comm *c)
{
    return tally_now(c) - c->ahead;
}

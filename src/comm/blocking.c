/* blocking.c — barrier, gather, broadcast and agreement, for set-up.
 *
 * All wait through tasks, so that what else is under way on the comm moves on.  The
 * barrier is a gathering of records of no bytes; broadcast goes down a binomial tree;
 * agreement gathers one byte a rank and, only when someone failed, broadcasts the
 * sentence of the rank that failed worst. */

#include "comm/comm.h"

#include <stdio.h>
#include <string.h>

tally_status tally_gather_all(tally_comm *c, const void *mine, size_t n, void *all)
{
    tally_gather g;
    tally_status status = tally_gather_open(&g, c, TALLY_CONTROL, TALLY_OWN_GATHER, n);

    if (!status) status = tally_gather_start(&g, mine);
    if (!status) status = tally_gather_wait(&g);
    if (!status && n) memcpy(all, g.all, (size_t)c->size * n);
    tally_gather_close(&g);
    TALLY_TRY(status);
    return TALLY_OK;
}

tally_status tally_barrier(tally_comm *c)
{
    TALLY_TRY(tally_gather_all(c, NULL, 0, NULL));
    return TALLY_OK;
}

/* ---- broadcast: in the order rank - root, the parent of i is i without its lowest set
 * bit, and its children are i + 2^k for the bits below that one ---- */

enum { CHILDREN_MOST = 31 };

typedef struct spread {
    tally_task task;
    tally_request requests[1 + CHILDREN_MOST]; /* from the parent, to the children */
    void *p;
    size_t n;
    int root;
    bool passed_on;
} spread;

static tally_status pass_on(spread *s)
{
    tally_comm *c = s->task.comm;
    int place = (c->rank - s->root + c->size) % c->size;
    tally_request *r = &s->requests[1];
    int reach = 1;

    s->passed_on = true;
    while (reach < c->size && !(place & reach))
        reach <<= 1;
    for (reach >>= 1; reach > 0; reach >>= 1) {
        if (place + reach >= c->size) continue;
        TALLY_TRY(tally_isend(c, (c->rank + reach) % c->size,
                              TALLY_TAG(TALLY_CONTROL, TALLY_OWN_BROADCAST), s->p, s->n,
                              r++));
    }
    return TALLY_OK;
}

static tally_status advance(tally_task *t)
{
    spread *s = (spread *)t;
    bool busy;

    TALLY_TRY(tally_requests_test(t->comm, &s->requests[0], 1, &busy));
    if (busy) return TALLY_OK;
    if (!s->passed_on) TALLY_TRY(pass_on(s));
    TALLY_TRY(tally_requests_test(t->comm, &s->requests[1], CHILDREN_MOST, &busy));
    t->done = !busy;
    return TALLY_OK;
}

static tally_status spread_start(spread *s)
{
    tally_comm *c = s->task.comm;
    int place = (c->rank - s->root + c->size) % c->size;
    int parent = (place & (place - 1)) + s->root;

    if (place > 0)
        TALLY_TRY(tally_irecv(c, parent % c->size,
                              TALLY_TAG(TALLY_CONTROL, TALLY_OWN_BROADCAST), s->p, s->n,
                              &s->requests[0]));
    TALLY_TRY(tally_task_start(&s->task));
    return TALLY_OK;
}

tally_status tally_broadcast(tally_comm *c, int root, void *p, size_t n)
{
    spread s = {.p = p, .n = n, .root = root};

    s.task = (tally_task){.comm = c,
                          .advance = advance,
                          .requests = s.requests,
                          .request_count = 1 + CHILDREN_MOST,
                          .in_order = true,
                          .what = "broadcast of",
                          .unit = "bytes",
                          .tag = TALLY_TAG(TALLY_CONTROL, TALLY_OWN_BROADCAST),
                          .amount = n};
    tally_status status = spread_start(&s);
    if (!status) status = tally_task_wait(&s.task);
    tally_task_drop(&s.task);
    TALLY_TRY(status);
    return TALLY_OK;
}

/* ---- agreement ---- */

/* Being stopped is no failure, and ABORTED only follows from another's. */
static int weight(unsigned char status)
{
    if (status == TALLY_OK) return 0;
    if (status == TALLY_STOPPED) return 1;
    return status == TALLY_ABORTED ? 2 : 3;
}

/* Every rank's status, and the lowest rank that has the worst; the same everywhere. */
static tally_status find_worst(tally_comm *c, tally_status mine, int *rank,
                               tally_status *worst)
{
    tally_gather g;
    unsigned char code = (unsigned char)mine;
    tally_status status = tally_gather_open(&g, c, TALLY_CONTROL, TALLY_OWN_GATHER, 1);

    *rank = 0;
    if (!status) status = tally_gather_start(&g, &code);
    if (!status) status = tally_gather_wait(&g);
    for (int r = 1; !status && r < c->size; r++)
        if (weight(g.all[r]) > weight(g.all[*rank])) *rank = r;
    if (!status) *worst = (tally_status)g.all[*rank];
    tally_gather_close(&g);
    TALLY_TRY(status);
    return TALLY_OK;
}

static tally_status spread_sentence(tally_comm *c, int rank, tally_status worst)
{
    char sentence[TALLY_SENTENCE_MOST] = "";
    bool plain = c->size == 1 || tally_error_agreed(); /* it names its rank already */

    if (c->rank == rank && plain)
        snprintf(sentence, sizeof sentence, "%s", tally_error_sentence());
    else if (c->rank == rank)
        snprintf(sentence, sizeof sentence, "rank %d: %.*s", rank,
                 TALLY_SENTENCE_MOST - 32, tally_error_sentence());
    TALLY_TRY(tally_broadcast(c, rank, sentence, sizeof sentence));
    if (c->rank != rank) tally_error_clear();
    return tally_error_adopt(worst, sentence);
}

tally_status tally_agree(tally_comm *c, tally_status mine)
{
    tally_status worst = TALLY_OK;
    tally_error own;
    int rank;

    tally_error_save(&own);
    tally_status status = find_worst(c, mine, &rank, &worst);
    if (!status && worst) status = spread_sentence(c, rank, worst);
    if (mine && !tally_error_agreed()) { /* no agreement: my own reason says more */
        tally_error_restore(&own);
        return mine;
    }
    return status;
}

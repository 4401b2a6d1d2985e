/* gather.c — all[r] <- mine of rank r: dissemination.
 *
 *     turned[j] is the record of rank (rank + j) mod size; turned[0] is mine
 *     round k: send turned[0 .. c) to rank - 2^k, receive turned[2^k .. 2^k + c) from
 *              rank + 2^k, where c = min(2^k, size - 2^k)
 *     at the end: all[(rank + j) mod size] = turned[j]
 *
 * Bruck et al., Efficient algorithms for all-to-all communications in multiport
 * message-passing systems, 1997.  ceil(log2 size) rounds for any size, size-1 records
 * sent.  A record of no bytes makes it a barrier. */

#include "comm/comm.h"

#include <stdlib.h>
#include <string.h>

static void turn_back(tally_gather *g)
{
    size_t size = (size_t)g->task.comm->size, rank = (size_t)g->task.comm->rank;

    memcpy(g->all + rank * g->record, g->turned, (size - rank) * g->record);
    memcpy(g->all, g->turned + (size - rank) * g->record, rank * g->record);
}

/* The records that a round of this reach sends, and to whom. */
static size_t records_of(int size, int reach)
{
    return (size_t)(reach < size - reach ? reach : size - reach);
}

static int receiver(const tally_comm *c, int reach)
{
    return (c->rank - reach + c->size) % c->size;
}

static tally_status start_round(tally_gather *g)
{
    tally_comm *c = g->task.comm;
    int reach = 1 << g->round;
    size_t bytes = records_of(c->size, reach) * g->record;

    TALLY_TRY(tally_irecv(c, (c->rank + reach) % c->size, g->tag,
                          g->turned + (size_t)reach * g->record, bytes,
                          &g->requests[0]));
    TALLY_TRY(
        tally_isend(c, receiver(c, reach), g->tag, g->turned, bytes, &g->requests[1]));
    return TALLY_OK;
}

void tally_gather_tell(const tally_comm *c, size_t record, tally_teller tell,
                       void *context)
{
    for (int reach = 1; reach < c->size; reach <<= 1) {
        size_t n = records_of(c->size, reach);

        tell(context, receiver(c, reach), (tally_span){0, n}, n * record);
    }
}

static tally_status advance(tally_task *t)
{
    tally_gather *g = (tally_gather *)t;
    bool busy;

    for (;;) {
        TALLY_TRY(tally_requests_test(t->comm, g->requests, 2, &busy));
        if (busy) return TALLY_OK;
        g->round++;
        if (1 << g->round >= t->comm->size) break;
        TALLY_TRY(start_round(g));
    }
    turn_back(g);
    t->done = true;
    return TALLY_OK;
}

tally_status tally_gather_open(tally_gather *g, tally_comm *c, tally_channel channel,
                               int number, size_t record)
{
    *g = (tally_gather){.record = record, .tag = TALLY_TAG(channel, 2 * number)};
    g->task = (tally_task){
        .comm = c,
        .advance = advance,
        .requests = g->requests,
        .request_count = 2,
        .in_order = true,
        .what = record ? "gathering of" : "barrier of",
        .unit = "bytes",
        .tag = g->tag,
        .amount = record,
        .done = true,
    };
    g->all = tally_allocate((size_t)c->size, record);
    g->turned = tally_allocate((size_t)c->size, record);
    if (!g->all || !g->turned)
        return TALLY_FAIL(MEMORY, "no memory for %d records of %zu bytes", c->size,
                          record);
    return tally_task_open(&g->task);
}

tally_status tally_gather_start(tally_gather *g, const void *mine)
{
    if (g->record) memcpy(g->turned, mine, g->record);
    g->round = -1;
    TALLY_TRY(tally_task_start(&g->task));
    return TALLY_OK;
}

tally_status tally_gather_wait(tally_gather *g)
{
    TALLY_TRY(tally_task_wait(&g->task));
    return TALLY_OK;
}

void tally_gather_close(tally_gather *g)
{
    tally_task_drop(&g->task);
    free(g->all);
    free(g->turned);
    *g = (tally_gather){0};
}

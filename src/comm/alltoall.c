/* alltoall.c — from each rank to each: messages of any length up to a bound.
 *
 *     send letter q to rank q, receive one from each; lengths come with the messages
 *
 * Each rank sends and receives size-1 messages at once; nothing is copied on the way
 * out.  The letters of the others wait in an inbox of size-1 times the bound. */

#include "comm/comm.h"

#include <assert.h>
#include <stdlib.h>

/* Whole cache lines, so that each letter starts on one. */
static size_t stride(size_t most)
{
    return (most + 63) / 64 * 64;
}

static tally_request *receive(tally_alltoall *a, int peer)
{
    return &a->requests[peer];
}

static tally_request *send(tally_alltoall *a, int peer)
{
    return &a->requests[a->task.comm->size + peer];
}

static tally_status advance(tally_task *t)
{
    tally_alltoall *a = (tally_alltoall *)t;
    size_t size = (size_t)t->comm->size;
    bool collecting, sending;

    TALLY_TRY(tally_requests_test(t->comm, receive(a, 0), size, &collecting));
    TALLY_TRY(tally_requests_test(t->comm, send(a, 0), size, &sending));
    if (!collecting && !a->read) {
        a->read = true;
        for (int q = 0; q < t->comm->size; q++)
            if (q != t->comm->rank) a->bytes[q] = receive(a, q)->bytes;
        if (a->arrived) TALLY_TRY(a->arrived(a->context));
    }
    t->done = !collecting && !sending;
    return TALLY_OK;
}

tally_status tally_alltoall_open(tally_alltoall *a, tally_comm *c,
                                 tally_channel channel, int number, size_t most)
{
    size_t size = (size_t)c->size;

    *a = (tally_alltoall){
        .most = most,
        .tag = TALLY_TAG(channel, 2 * number),
        .inbox = tally_allocate(size - 1, stride(most)),
        .letter = calloc(size, sizeof *a->letter),
        .bytes = calloc(size, sizeof *a->bytes),
        .requests = calloc(2 * size, sizeof *a->requests),
    };
    a->task = (tally_task){
        .comm = c,
        .advance = advance,
        .requests = a->requests,
        .request_count = a->requests ? 2 * size : 0,
        .what = "letters between",
        .unit = "ranks", /* the longest letter may be another on each */
        .tag = a->tag,
        .amount = size,
        .done = true,
    };
    if (!a->inbox || !a->letter || !a->bytes || !a->requests)
        return TALLY_FAIL(MEMORY, "no memory for letters of %zu bytes from %d ranks",
                          most, c->size);
    return tally_task_open(&a->task);
}

tally_status tally_alltoall_start(tally_alltoall *a, const tally_letters *out,
                                  const size_t *most)
{
    tally_comm *c = a->task.comm;
    unsigned char *inbox = a->inbox;

    assert(a->task.done);
    a->read = false;
    a->letter[c->rank] = out->at[c->rank];
    a->bytes[c->rank] = out->bytes[c->rank];
    for (int q = 0; q < c->size; q++) {
        if (q == c->rank) continue;
        assert(most[q] <= a->most);
        a->letter[q] = inbox;
        *receive(a, q) = (tally_request){0};
        if (most[q])
            TALLY_TRY(tally_irecv(c, q, a->tag, inbox, most[q], receive(a, q)));
        inbox += stride(a->most);
    }
    /* Nearest first, so that no rank is everyone's first. */
    for (int k = 1; k < c->size; k++) {
        int q = (c->rank + k) % c->size;

        if (out->bytes[q])
            TALLY_TRY(tally_isend(c, q, a->tag, out->at[q], out->bytes[q], send(a, q)));
    }
    TALLY_TRY(tally_task_start(&a->task));
    return TALLY_OK;
}

tally_status tally_alltoall_wait(tally_alltoall *a)
{
    TALLY_TRY(tally_task_wait(&a->task));
    return TALLY_OK;
}

void tally_alltoall_close(tally_alltoall *a)
{
    tally_task_drop(&a->task);
    free(a->inbox);
    free(a->letter);
    free(a->bytes);
    free(a->requests);
    *a = (tally_alltoall){0};
}

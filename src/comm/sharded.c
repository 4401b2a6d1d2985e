/* sharded.c — each shard to its owner, the owner combines, all get the result.
 *
 *     rank r owns units [r b, min((r+1) b, units)), b = ceil(units / size)
 *     in:    send from[shard of q] to each q; receive the others' ballots for my shard
 *     mine:  result = combine(ballots[0 .. size))
 *     back:  send my result to each q; receive to[shard of q] from q
 *
 * The sharded parameter server, or reduce-scatter and all-gather with any combine in
 * between.  Each rank sends (units - mine) units in and (size-1) mine units back.
 * Messages leave `from` and enter `to` without a copy; ballots wait in an inbox of
 * size-1 shards.  Empty shards send nothing. */

#include "comm/comm.h"

#include <assert.h>
#include <stdlib.h>

enum { ANSWERED = 1, LISTENING = 2 }; /* bits of phase: what has been started */

/* The four groups of requests, `size` each, in the order they are needed: my answer
 * hangs on the ballots. */
enum { BALLOTS_IN, BALLOTS_OUT, RESULTS_IN, RESULTS_OUT };

static tally_request *request(tally_sharded *s, int group, int peer)
{
    return &s->requests[group * s->task.comm->size + peer];
}

tally_span tally_sharded_shard(int rank, int size, size_t units)
{
    size_t block = units / (size_t)size + (units % (size_t)size != 0);
    size_t first = (size_t)rank * block;

    if (first >= units) return (tally_span){units, 0};
    return (tally_span){first, units - first < block ? units - first : block};
}

/* Bytes of the inbox per ballot: whole cache lines, so that each starts on one. */
static size_t stride(size_t units, size_t unit)
{
    return (units * unit + 63) / 64 * 64;
}

/* Posts the receives of ballots, then sends mine, nearest rank first so that no owner
 * is everyone's first. */
static tally_status ask(tally_sharded *s)
{
    tally_comm *c = s->task.comm;
    tally_span mine = tally_sharded_shard(c->rank, c->size, s->units);
    unsigned char *inbox = s->inbox;

    for (int q = 0; q < c->size && mine.count; q++) {
        if (q == c->rank) {
            s->ballots[q] = s->from + mine.first * s->from_unit;
            continue;
        }
        TALLY_TRY(tally_irecv(c, q, s->tag, inbox, mine.count * s->from_unit,
                              request(s, BALLOTS_IN, q)));
        s->ballots[q] = inbox;
        inbox += stride(mine.count, s->from_unit);
    }
    for (int k = 1; k < c->size; k++) {
        int q = (c->rank + k) % c->size;
        tally_span theirs = tally_sharded_shard(q, c->size, s->units);

        if (theirs.count == 0) continue;
        TALLY_TRY(tally_isend(c, q, s->tag, s->from + theirs.first * s->from_unit,
                              theirs.count * s->from_unit, request(s, BALLOTS_OUT, q)));
    }
    return TALLY_OK;
}

static tally_status answer(tally_sharded *s)
{
    tally_comm *c = s->task.comm;
    tally_span mine = tally_sharded_shard(c->rank, c->size, s->units);
    unsigned char *result = s->to + mine.first * s->to_unit;

    s->phase |= ANSWERED;
    if (mine.count == 0) return TALLY_OK;
    TALLY_TRY(s->combine(s->context, s->ballots, mine.first, mine.count, result));
    for (int k = 1; k < c->size; k++) {
        int q = (c->rank + k) % c->size;

        TALLY_TRY(tally_isend(c, q, s->tag + 1, result, mine.count * s->to_unit,
                              request(s, RESULTS_OUT, q)));
    }
    return TALLY_OK;
}

static tally_status listen(tally_sharded *s)
{
    tally_comm *c = s->task.comm;

    s->phase |= LISTENING;
    for (int q = 0; q < c->size; q++) {
        tally_span theirs = tally_sharded_shard(q, c->size, s->units);

        if (q == c->rank || theirs.count == 0) continue;
        TALLY_TRY(tally_irecv(c, q, s->tag + 1, s->to + theirs.first * s->to_unit,
                              theirs.count * s->to_unit, request(s, RESULTS_IN, q)));
    }
    return TALLY_OK;
}

static tally_status advance(tally_task *t)
{
    tally_sharded *s = (tally_sharded *)t;
    size_t size = (size_t)t->comm->size;
    bool sending, collecting, returning;

    TALLY_TRY(tally_requests_test(t->comm, request(s, BALLOTS_OUT, 0), size, &sending));
    TALLY_TRY(
        tally_requests_test(t->comm, request(s, BALLOTS_IN, 0), size, &collecting));
    if (!(s->phase & ANSWERED) && !collecting) TALLY_TRY(answer(s));
    /* Results that land where ballots lie must wait until the ballots have left. */
    if (!(s->phase & LISTENING) && (!sending || s->from != s->to)) TALLY_TRY(listen(s));
    TALLY_TRY(
        tally_requests_test(t->comm, request(s, RESULTS_IN, 0), 2 * size, &returning));
    t->done = s->phase == (ANSWERED | LISTENING) && !sending && !returning;
    return TALLY_OK;
}

tally_status tally_sharded_open(tally_sharded *s, tally_comm *c, tally_channel channel,
                                int number, size_t from_unit, size_t to_unit,
                                size_t most, tally_combine combine, void *context)
{
    size_t size = (size_t)c->size;
    size_t block = tally_sharded_shard(0, c->size, most).count;

    *s = (tally_sharded){
        .from_unit = from_unit,
        .to_unit = to_unit,
        .most = most,
        .combine = combine,
        .context = context,
        .tag = TALLY_TAG(channel, 2 * number),
        .inbox = tally_allocate(size - 1, stride(block, from_unit)),
        .ballots = calloc(size, sizeof *s->ballots),
        .requests = calloc(4 * size, sizeof *s->requests),
    };
    s->task = (tally_task){
        .comm = c,
        .advance = advance,
        .requests = s->requests,
        .request_count = s->requests ? 4 * size : 0,
        .in_order = true,
        .done = true,
    };
    if (!s->inbox || !s->ballots || !s->requests)
        return TALLY_FAIL(MEMORY, "no memory for the ballots of %d ranks on %zu units",
                          c->size, block);
    return tally_task_open(&s->task);
}

tally_status tally_sharded_start(tally_sharded *s, const void *from, void *to,
                                 size_t units)
{
    assert(units <= s->most && s->task.done);
    s->from = from;
    s->to = to;
    s->units = units;
    s->phase = 0;
    TALLY_TRY(ask(s));
    TALLY_TRY(tally_task_start(&s->task));
    return TALLY_OK;
}

tally_status tally_sharded_wait(tally_sharded *s)
{
    TALLY_TRY(tally_task_wait(&s->task));
    return TALLY_OK;
}

void tally_sharded_close(tally_sharded *s)
{
    tally_task_drop(&s->task);
    free(s->inbox);
    free(s->ballots);
    free(s->requests);
    *s = (tally_sharded){0};
}

uint64_t tally_sharded_bytes(int rank, int size, size_t units, size_t from_unit,
                             size_t to_unit)
{
    uint64_t mine = tally_sharded_shard(rank, size, units).count;

    return (units - mine) * from_unit + ((uint64_t)size - 1) * mine * to_unit;
}

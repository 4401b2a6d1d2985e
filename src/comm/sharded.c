/* sharded.c — each shard to its owner, the owner combines, all get the result.
 *
 *     member r owns units [r b, min((r+1) b, units)), b = ceil(units / owners)
 *     in:    send from[shard of q] to each q; receive the others' ballots for my shard
 *     mine:  result = combine(ballots[0 .. size))
 *     back:  send my result to each q; receive to[shard of q] from q
 *
 * The sharded parameter server, or reduce-scatter and all-gather with any combine in
 * between; with one owner, a server.  Each member sends (units - mine) units in and
 * (size-1) mine units back.  Messages leave `from` and enter `to` without a copy;
 * ballots wait in an inbox of size-1 shards.  Empty shards send nothing. */

#include "comm/comm.h"

#include <assert.h>
#include <stdlib.h>

enum { COMBINED = 1, ANSWERED = 2, LISTENING = 4 }; /* bits of phase: what has begun */

/* The four kinds of requests, `size` each, in the order they are needed: my answer
 * hangs on the ballots. */
enum { BALLOTS_IN, BALLOTS_OUT, RESULTS_IN, RESULTS_OUT };

static tally_request *request(tally_sharded *s, int kind, int member)
{
    return &s->requests[kind * s->group.size + member];
}

tally_group tally_group_all(const tally_comm *c)
{
    return (tally_group){.size = c->size, .me = c->rank, .owners = c->size};
}

/* A member's rank in the comm. */
static int rank_of(const tally_sharded *s, int member)
{
    return s->group.ranks ? s->group.ranks[member] : member;
}

static tally_span shard_of(const tally_sharded *s, int member)
{
    return tally_sharded_shard(member, s->group.owners, s->units);
}

tally_span tally_sharded_shard(int member, int owners, size_t units)
{
    size_t block = units / (size_t)owners + (units % (size_t)owners != 0);
    size_t first = (size_t)member * block;

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
    const tally_group *g = &s->group;
    tally_span mine = shard_of(s, g->me);
    unsigned char *inbox = s->inbox;

    for (int q = 0; q < g->size && mine.count; q++) {
        if (q == g->me) {
            s->ballots[q] = s->from + mine.first * s->from_unit;
            continue;
        }
        TALLY_TRY(tally_irecv(c, rank_of(s, q), s->tag, inbox,
                              mine.count * s->from_unit, request(s, BALLOTS_IN, q)));
        s->ballots[q] = inbox;
        inbox += stride(mine.count, s->from_unit);
    }
    for (int k = 1; k < g->size; k++) {
        int q = (g->me + k) % g->size;
        tally_span theirs = shard_of(s, q);

        if (theirs.count == 0) continue;
        TALLY_TRY(tally_isend(c, rank_of(s, q), s->tag,
                              s->from + theirs.first * s->from_unit,
                              theirs.count * s->from_unit, request(s, BALLOTS_OUT, q)));
    }
    return TALLY_OK;
}

static tally_status combine_mine(tally_sharded *s)
{
    tally_span mine = shard_of(s, s->group.me);

    s->phase |= COMBINED;
    if (mine.count == 0) return TALLY_OK;
    TALLY_TRY(s->combine(s->context, s->ballots, mine.first, mine.count,
                         s->to + mine.first * s->to_unit));
    return TALLY_OK;
}

static tally_status answer(tally_sharded *s)
{
    const tally_group *g = &s->group;
    tally_span mine = shard_of(s, g->me);

    s->phase |= ANSWERED;
    if (mine.count == 0) return TALLY_OK;
    for (int k = 1; k < g->size; k++) {
        int q = (g->me + k) % g->size;

        TALLY_TRY(tally_isend(s->task.comm, rank_of(s, q), s->tag + 1,
                              s->to + mine.first * s->to_unit, mine.count * s->to_unit,
                              request(s, RESULTS_OUT, q)));
    }
    return TALLY_OK;
}

static tally_status listen(tally_sharded *s)
{
    const tally_group *g = &s->group;

    s->phase |= LISTENING;
    for (int q = 0; q < g->size; q++) {
        tally_span theirs = shard_of(s, q);

        if (q == g->me || theirs.count == 0) continue;
        TALLY_TRY(tally_irecv(s->task.comm, rank_of(s, q), s->tag + 1,
                              s->to + theirs.first * s->to_unit,
                              theirs.count * s->to_unit, request(s, RESULTS_IN, q)));
    }
    return TALLY_OK;
}

static bool may_answer(const tally_sharded *s)
{
    return s->phase & COMBINED && !(s->phase & ANSWERED) &&
           (!s->after || s->after->done);
}

static tally_status advance(tally_task *t)
{
    tally_sharded *s = (tally_sharded *)t;
    size_t size = (size_t)s->group.size;
    bool sending, collecting, returning;

    TALLY_TRY(
        tally_requests_test(t->comm, request(s, BALLOTS_IN, 0), size, &collecting));
    /* May start, and end, what this waits for, which advances this once more. */
    if (!(s->phase & COMBINED) && !collecting) TALLY_TRY(combine_mine(s));
    TALLY_TRY(tally_requests_test(t->comm, request(s, BALLOTS_OUT, 0), size, &sending));
    if (may_answer(s)) TALLY_TRY(answer(s));
    /* Results that land where ballots lie must wait until the ballots have left. */
    if (!(s->phase & LISTENING) && (!sending || s->from != s->to)) TALLY_TRY(listen(s));
    TALLY_TRY(
        tally_requests_test(t->comm, request(s, RESULTS_IN, 0), 2 * size, &returning));
    t->done = s->phase == (COMBINED | ANSWERED | LISTENING) && !sending && !returning;
    return TALLY_OK;
}

tally_status tally_sharded_open_among(tally_sharded *s, tally_comm *c,
                                      tally_group group, tally_channel channel,
                                      int number, size_t from_unit, size_t to_unit,
                                      size_t most, tally_combine combine, void *context)
{
    size_t size = (size_t)group.size;
    bool owns = group.me < group.owners;
    size_t block = owns ? tally_sharded_shard(0, group.owners, most).count : 0;

    *s = (tally_sharded){
        .group = group,
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
        .what = "agreement on",
        .unit = "units",
        .tag = s->tag,
        .of_some = group.size < c->size,
        .done = true,
    };
    if (!s->inbox || !s->ballots || !s->requests)
        return TALLY_FAIL(MEMORY, "no memory for the ballots of %d ranks on %zu units",
                          group.size, block);
    return tally_task_open(&s->task);
}

tally_status tally_sharded_open(tally_sharded *s, tally_comm *c, tally_channel channel,
                                int number, size_t from_unit, size_t to_unit,
                                size_t most, tally_combine combine, void *context)
{
    return tally_sharded_open_among(s, c, tally_group_all(c), channel, number,
                                    from_unit, to_unit, most, combine, context);
}

tally_status tally_sharded_start(tally_sharded *s, const void *from, void *to,
                                 size_t units)
{
    assert(units <= s->most && s->task.done);
    s->from = from;
    s->to = to;
    s->units = units;
    s->task.amount = units;
    s->phase = 0;
    s->task.follows = s->after != NULL;
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

void tally_sharded_tell(tally_group g, size_t units, size_t from_unit, size_t to_unit,
                        tally_teller tell, void *context)
{
    tally_span mine = tally_sharded_shard(g.me, g.owners, units);

    for (int q = 0; q < g.size; q++) {
        tally_span theirs = tally_sharded_shard(q, g.owners, units);
        int rank = g.ranks ? g.ranks[q] : q;

        if (q == g.me) continue;
        if (theirs.count) tell(context, rank, theirs, theirs.count * from_unit);
        if (mine.count) tell(context, rank, mine, mine.count * to_unit);
    }
}

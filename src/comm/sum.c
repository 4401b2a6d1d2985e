/* sum.c — v <- sum over ranks of v: the machine that runs an algorithm's moves.
 *
 *     phase p:  m = move(rank, size, n, p)
 *               receive m.receive (into scratch when it is to be added), send m.send
 *               when both are done: v[m.receive] += scratch
 *
 * Up to `depth` moves are under way.  They end, and the next ones start, in the order
 * of their phases on every rank: so their messages need only one tag, and the sum is
 * added in the same order whatever arrives first.
 *
 * ring.c, halving.c, tree.c and hier.c say what the moves are.  `native` hands v to the
 * comm's own all-reduce, `shm` to the machine of shm.c; choice.c says which one it is.
 */

#include "comm/comm.h"
#include "comm/move.h"
#include "comm/shm.h"

#include <assert.h>
#include <stdlib.h>

static bool move_of(tally_sum_algorithm algorithm, const tally_comm *c, size_t n,
                    int phase, tally_move *m)
{
    if (algorithm == TALLY_SUM_HALVING)
        return tally_halving_move(c->rank, c->size, n, phase, m);
    if (algorithm == TALLY_SUM_TREE)
        return tally_tree_move(c->rank, c->size, n, phase, m);
    if (algorithm == TALLY_SUM_HIER)
        return tally_hier_move(c->topology, c->rank, n, phase, m);
    return tally_ring_move(c->rank, c->size, n, phase, m);
}

static int depth_of(tally_sum_algorithm algorithm, const tally_comm *c, size_t n)
{
    int depth = algorithm == TALLY_SUM_RING   ? tally_ring_depth(c->size, n)
                : algorithm == TALLY_SUM_HIER ? tally_hier_depth(c->topology, n)
                                              : 1;

    return depth < TALLY_SUM_DEPTH ? depth : TALLY_SUM_DEPTH;
}

/* Where a move under way has its requests, and its room for what is to be added. */
static tally_request *requests_of(tally_sum *s, int phase)
{
    return &s->requests[2 * (phase % s->depth)];
}

/* What is longer than a move's room goes alone (the tree of hier) and has all of it. */
static tally_real *scratch_of(const tally_sum *s, int phase, size_t count)
{
    if (count > s->scratch_each) return s->scratch;
    return s->scratch + (size_t)(phase % s->depth) * s->scratch_each;
}

static tally_status start_move(tally_sum *s, int phase, const tally_move *m)
{
    tally_comm *c = s->task.comm;
    tally_request *r = requests_of(s, phase);
    tally_real *into =
        m->add ? scratch_of(s, phase, m->receive.count) : s->v + m->receive.first;

    if (m->receive.count)
        TALLY_TRY(tally_irecv(c, m->from, s->tag, into, m->receive.count * sizeof *into,
                              &r[0]));
    if (m->send.count)
        TALLY_TRY(tally_isend(c, m->to, s->tag, s->v + m->send.first,
                              m->send.count * sizeof *s->v, &r[1]));
    return TALLY_OK;
}

static tally_status start_moves(tally_sum *s)
{
    tally_move m;

    while (s->started - s->phase < s->depth &&
           move_of(s->algorithm, s->task.comm, s->n, s->started, &m) &&
           s->started - s->phase <= m.ahead)
        TALLY_TRY(start_move(s, s->started++, &m));
    return TALLY_OK;
}

static void add(tally_real *restrict v, const tally_real *restrict more, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] += more[i];
}

static void finish_move(tally_sum *s)
{
    tally_move m;

    move_of(s->algorithm, s->task.comm, s->n, s->phase, &m);
    if (m.add)
        add(s->v + m.receive.first, scratch_of(s, s->phase, m.receive.count),
            m.receive.count);
    s->phase++;
    s->task.oldest = (size_t)(2 * (s->phase % s->depth));
}

static tally_status advance_moves(tally_task *t)
{
    tally_sum *s = (tally_sum *)t;
    bool busy;

    if (s->phase < 0) s->phase = s->started = 0;
    for (;;) {
        TALLY_TRY(start_moves(s));
        if (s->phase == s->started) break;
        TALLY_TRY(tally_requests_test(t->comm, requests_of(s, s->phase), 2, &busy));
        if (busy) return TALLY_OK;
        finish_move(s);
    }
    t->done = true;
    return TALLY_OK;
}

static tally_status advance_native(tally_task *t)
{
    tally_sum *s = (tally_sum *)t;
    bool busy;

    if (s->phase < 0) {
        TALLY_TRY(tally_native_sum(t->comm, s->tag, s->v, s->n, &s->requests[0]));
        s->phase = 0;
    }
    TALLY_TRY(tally_requests_test(t->comm, s->requests, 1, &busy));
    t->done = !busy;
    return TALLY_OK;
}

/* Sums through shared memory take turns, oldest first. */
static bool is_its_turn(const tally_task *t)
{
    const tally_task *first = t->comm->tasks;

    while (first != t && !first->spins)
        first = first->next;
    return first == t;
}

/* The rank that it waits for is kept where a report of a stall finds it. */
static tally_status advance_shm(tally_task *t)
{
    tally_sum *s = (tally_sum *)t;

    if (!is_its_turn(t)) return TALLY_OK;
    if (s->phase < 0) {
        tally_count_modelled(t->comm, s->tag, s->n);
        tally_shm_start(s->shm, s->v, s->n);
        s->phase = 0;
    }
    s->requests[0].peer = tally_shm_advance(s->shm);
    t->done = s->requests[0].peer < 0;
    return TALLY_OK;
}

static tally_status open_scratch(tally_sum *s)
{
    tally_comm *c = s->task.comm;
    size_t each = 0, depth = (size_t)depth_of(s->algorithm, c, s->most);

    if (s->algorithm == TALLY_SUM_RING) each = tally_ring_scratch(c->size, s->most);
    if (s->algorithm == TALLY_SUM_HALVING)
        each = tally_halving_scratch(c->size, s->most);
    if (s->algorithm == TALLY_SUM_TREE) each = tally_tree_scratch(c->size, s->most);
    if (s->algorithm == TALLY_SUM_HIER) each = tally_ring_scratch(1, s->most);
    if (c->size == 1) each = 0;
    size_t all = each * depth, alone = 0;
    if (s->algorithm == TALLY_SUM_HIER) alone = tally_hier_alone(c->topology, s->most);
    s->scratch_each = each;
    s->scratch = tally_allocate(all > alone ? all : alone, sizeof *s->scratch);
    if (!s->scratch)
        return TALLY_FAIL(MEMORY, "no memory to sum %zu values over %d ranks", s->most,
                          c->size);
    return TALLY_OK;
}

tally_status tally_sum_open(tally_sum *s, tally_comm *c, tally_channel channel,
                            int number, tally_sum_algorithm algorithm, size_t most)
{
    bool crowded = c->nodes > 1 && c->nodes < c->size && !c->ops->spend;

    algorithm = tally_sum_resolve(c, algorithm, most);
    *s = (tally_sum){
        .algorithm = algorithm, .most = most, .tag = TALLY_TAG(channel, 2 * number)};
    s->task = (tally_task){
        .comm = c,
        .advance = algorithm == TALLY_SUM_NATIVE ? advance_native
                   : algorithm == TALLY_SUM_SHM  ? advance_shm
                                                 : advance_moves,
        .requests = s->requests,
        .request_count = 2 * TALLY_SUM_DEPTH,
        .in_order = true,
        .spins = algorithm == TALLY_SUM_SHM,
        .what = "sum of",
        .unit = "values",
        .tag = s->tag,
        .done = true,
    };
    s->requests[0].tag = s->tag;
    if (algorithm == TALLY_SUM_SHM) TALLY_TRY(tally_shm_open(&s->shm, c));
    if (crowded || algorithm == TALLY_SUM_HIER) TALLY_TRY(tally_comm_explore(c));
    TALLY_TRY(open_scratch(s));
    return tally_task_open(&s->task);
}

tally_status tally_sum_start(tally_sum *s, tally_real *v, size_t n)
{
    assert(n <= s->most && s->task.done);
    s->v = v;
    s->n = n;
    s->task.amount = n;
    s->phase = -1;
    s->depth = depth_of(s->algorithm, s->task.comm, n);
    s->task.oldest = 0;
    s->task.done = true;
    if (s->task.comm->size > 1 && n > 0) TALLY_TRY(tally_task_start(&s->task));
    return TALLY_OK;
}

tally_status tally_sum_wait(tally_sum *s)
{
    TALLY_TRY(tally_task_wait(&s->task));
    return TALLY_OK;
}

void tally_sum_close(tally_sum *s)
{
    tally_task_drop(&s->task);
    bool under_way = s->task.comm && !s->task.done;
    tally_shm_close(s->shm, under_way);
    free(s->scratch);
    *s = (tally_sum){0};
}

static void tell_of(const tally_comm *c, tally_sum_algorithm algorithm, int rank,
                    size_t n, tally_teller tell, void *context)
{
    tally_comm there = {.rank = rank, .size = c->size, .topology = c->topology};
    tally_move m;

    assert(algorithm != TALLY_SUM_AUTO && (algorithm != TALLY_SUM_HIER || c->topology));
    for (int phase = 0; move_of(algorithm, &there, n, phase, &m); phase++)
        if (m.send.count)
            tell(context, m.to, m.send, m.send.count * sizeof(tally_real));
}

void tally_sum_tell(const tally_comm *c, tally_sum_algorithm algorithm, size_t n,
                    tally_teller tell, void *context)
{
    tell_of(c, algorithm, c->rank, n, tell, context);
}

static void add_bytes(void *context, int to, tally_span about, uint64_t bytes)
{
    (void)to, (void)about;
    *(uint64_t *)context += bytes;
}

uint64_t tally_sum_bytes(const tally_comm *c, tally_sum_algorithm algorithm, int rank,
                         size_t n)
{
    uint64_t sum = 0;

    tell_of(c, algorithm, rank, n, add_bytes, &sum);
    return sum;
}

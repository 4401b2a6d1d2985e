/* shm.c — all-reduce inside a node, through memory that its ranks share.
 *
 *     v is cut into chunks that fit the cache, a chunk into one shard per rank;
 *     room[r] of the shared window holds one chunk of rank r.  Rank r, at step i:
 *
 *     wait      until every rank has finished step i-1
 *     publish   room[r][shard k] <- v[shard k] of chunk i, for k != r
 *     reduce    room[r][shard r], v[shard r] <- ((v_0 + v_1) + v_2) + ... of chunk i-1
 *     collect   v[shard k] <- room[k][shard k] of chunk i-2, for k != r
 *     done[r] <- i+1
 *
 * Each phase needs of the others only what they did in the step before, so one counter
 * a rank is all there is to wait for.  A short vector takes two steps instead of three:
 * each rank publishes all of it and sums all of it itself.  Values are added in rank
 * order, as by the exchange `ordered`, and come to the same bits.
 *
 * Cost: a rank reads and writes its own v in memory once, the least there is; what it
 * writes for others and reads of them stays in caches (16 MiB a window at most).  A
 * value is copied 2 (size-1)/size times and added (size-1)/size times.  No message is
 * sent.
 *
 * Memory order.  done[r] only grows, as long as the window lives.  A rank stores it
 * (release) after all reads and writes of a step, and loads that of each other rank
 * (acquire) before those of the next: whatever the others did up to step i-1 happens
 * before step i, pair by pair.
 *
 * Read after write: a chunk is published in step i, reduced in i+1, collected in i+2.
 *
 * Write after read: rooms are taken in turn, step mod 4.  The room that is published in
 * step i was last in use for the chunk of step i-4, collected in step i-2.
 *
 * The first step of a sum does not wait, so that no rank is held up by one that still
 * collects the sum before: the last step of that one, i-1, has waited until all had
 * finished step i-2, and that is enough by the line above.
 *
 * The sums of a comm share one window, so that memory does not grow with the number of
 * spans of a plan, and take turns in the order in which all ranks start them (sum.c).
 *
 * It does not block: a task that waits for it polls (task.c).  It does not span nodes,
 * nor run under a virtual clock, which stands still while a rank polls. */

#include "comm/shm.h"

#include "comm/comm.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOMS = 4,
    LINE = 128, /* bytes: two lines of cache, which come in pairs */
    LINE_VALUES = LINE / sizeof(tally_real),
    ROOM = 1 << 20,       /* bytes of a chunk at most: few enough to meet seldom */
    ALL_ROOMS = 16 << 20, /* bytes of a window at most: it stays in the last cache */
    SHORT = (64 << 10) / sizeof(tally_real), /* values that a rank may add by itself */
    BLOCK = 1024 /* values added at a time, in the first cache */
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(atomic_ullong) == 8,
               "counters that processes share need no lock");

struct tally_shm {
    tally_window *window; /* owned: one line of counter a rank, then the rooms */
    size_t users;         /* open sums of the comm, which take turns */
    tally_comm *comm;
    int rank, size;
    size_t room;                    /* values: those of a chunk */
    unsigned long long step, first; /* the next one; the first one of this sum */
    tally_real *v;
    size_t n, chunks;
    bool alone;              /* short: each rank sums all of it */
    const tally_real **each; /* owned: where the ranks have what is to be summed */
};

bool tally_shm_works(const tally_comm *c)
{
    return c->size > 1 && c->node_size == c->size && c->ops->share && !c->ops->spend;
}

/* ---- where things are ---- */

static atomic_ullong *done_of(const tally_shm *m, int rank)
{
    return (atomic_ullong *)((unsigned char *)m->window->base + (size_t)rank * LINE);
}

/* Where rank keeps its part of the chunk that is published in a step. */
static tally_real *room_of(const tally_shm *m, unsigned long long step, int rank)
{
    size_t size = (size_t)m->size, place = (size_t)(step % ROOMS) * size + (size_t)rank;
    void *rooms = (unsigned char *)m->window->base + size * LINE;

    return (tally_real *)rooms + place * m->room;
}

static tally_span chunk_at(const tally_shm *m, size_t i)
{
    size_t first = i * m->room, left = m->n - first;

    return (tally_span){first, left < m->room ? left : m->room};
}

tally_span tally_shm_shard(int rank, int size, size_t n)
{
    tally_span lines =
        tally_sharded_shard(rank, size, (n + LINE_VALUES - 1) / LINE_VALUES);
    size_t first = lines.first * LINE_VALUES, count = lines.count * LINE_VALUES;

    if (first > n) first = n;
    return (tally_span){first, count < n - first ? count : n - first};
}

static tally_span shard_of(const tally_shm *m, int rank, size_t n)
{
    return m->alone ? (tally_span){0, n} : tally_shm_shard(rank, m->size, n);
}

/* ---- the three phases ---- */

static void publish(const tally_shm *m, unsigned long long step, size_t i)
{
    tally_span chunk = chunk_at(m, i), mine = shard_of(m, m->rank, chunk.count);
    size_t after = mine.first + mine.count;
    const tally_real *v = m->v + chunk.first;
    tally_real *room = room_of(m, step, m->rank);

    if (m->alone) {
        memcpy(room, v, chunk.count * sizeof *v);
        return;
    }
    memcpy(room, v, mine.first * sizeof *v);
    memcpy(room + after, v + after, (chunk.count - after) * sizeof *v);
}

static void add(tally_real *restrict sum, const tally_real *restrict a,
                const tally_real *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = a[i] + b[i];
}

static void add_to(tally_real *restrict sum, const tally_real *restrict a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += a[i];
}

void tally_shm_add(const tally_real *const *each, int size, size_t n, tally_real *to,
                   tally_real *also)
{
    tally_real sum[BLOCK];

    for (size_t at = 0; at < n; at += BLOCK) {
        size_t left = n - at, some = left < BLOCK ? left : BLOCK;

        add(sum, each[0] + at, each[1] + at, some);
        for (int r = 2; r < size; r++)
            add_to(sum, each[r] + at, some);
        memcpy(to + at, sum, some * sizeof *sum);
        if (also) memcpy(also + at, sum, some * sizeof *sum);
    }
}

static void reduce(const tally_shm *m, unsigned long long published, size_t i)
{
    tally_span chunk = chunk_at(m, i), mine = shard_of(m, m->rank, chunk.count);
    tally_real *v = m->v + chunk.first + mine.first;

    for (int r = 0; r < m->size; r++)
        m->each[r] = r == m->rank ? v : room_of(m, published, r) + mine.first;
    tally_shm_add(m->each, m->size, mine.count, v,
                  m->alone ? NULL : room_of(m, published, m->rank) + mine.first);
}

static void collect(const tally_shm *m, unsigned long long published, size_t i)
{
    tally_span chunk = chunk_at(m, i);

    for (int k = 1; k < m->size; k++) {
        int r = (m->rank + k) % m->size;
        tally_span theirs = shard_of(m, r, chunk.count);

        memcpy(m->v + chunk.first + theirs.first,
               room_of(m, published, r) + theirs.first, theirs.count * sizeof *m->v);
    }
}

/* ---- steps ---- */

/* The next rank that has not yet finished the step before m->step; -1: all have. */
static int late(const tally_shm *m)
{
    for (int k = 1; k < m->size; k++) {
        int r = (m->rank + k) % m->size;

        if (atomic_load_explicit(done_of(m, r), memory_order_acquire) < m->step)
            return r;
    }
    return -1;
}

static void take_step(tally_shm *m)
{
    size_t i = (size_t)(m->step - m->first);

    if (i < m->chunks) publish(m, m->step, i);
    if (i >= 1 && i - 1 < m->chunks) reduce(m, m->step - 1, i - 1);
    if (i >= 2 && !m->alone) collect(m, m->step - 2, i - 2);
    m->step++;
    atomic_store_explicit(done_of(m, m->rank), m->step, memory_order_release);
}

void tally_shm_start(tally_shm *m, tally_real *v, size_t n)
{
    m->v = v;
    m->n = n;
    m->alone = n * (size_t)m->size <= SHORT && n <= m->room;
    m->chunks = (n + m->room - 1) / m->room;
    m->first = m->step;
}

int tally_shm_advance(tally_shm *m)
{
    unsigned long long end = m->first + m->chunks + (m->alone ? 1 : 2);

    while (m->step < end) {
        int awaited = m->step == m->first ? -1 : late(m);

        if (awaited >= 0) return awaited;
        take_step(m);
    }
    return -1;
}

static tally_status make(tally_shm **m, tally_comm *c)
{
    size_t line = LINE_VALUES, size = (size_t)c->size;
    size_t room = ALL_ROOMS / (ROOMS * size * sizeof(tally_real));

    if (room > ROOM / sizeof(tally_real)) room = ROOM / sizeof(tally_real);
    room = (room / line + 1) * line;
    size_t bytes = size * (LINE + ROOMS * room * sizeof(tally_real));
    tally_window *window;
    TALLY_TRY(tally_share(c, bytes, &window));
    *m = malloc(sizeof **m);
    const tally_real **each = calloc(size, sizeof *each);
    if (!*m || !each) {
        free(*m);
        free(each);
        *m = NULL;
        tally_unshare(c, window);
        return TALLY_FAIL(MEMORY, "no memory for a sum in shared memory");
    }
    **m = (tally_shm){.window = window,
                      .comm = c,
                      .rank = c->rank,
                      .size = c->size,
                      .room = room,
                      .each = each};
    return TALLY_OK;
}

tally_status tally_shm_open(tally_shm **m, tally_comm *c)
{
    if (!c->shm) TALLY_TRY(make(&c->shm, c));
    c->shm->users++;
    *m = c->shm;
    return TALLY_OK;
}

void tally_shm_close(tally_shm *m, bool under_way)
{
    if (!m) return;
    if ((under_way || m->users == 1) && m->comm->shm == m) m->comm->shm = NULL;
    if (--m->users > 0) return;
    tally_unshare(m->comm, m->window);
    free(m->each);
    free(m);
}

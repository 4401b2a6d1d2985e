/* in_place.c — all-reduce inside a node, of vectors that lie where all its ranks see
 * them.
 *
 *     v_r, the vector of rank r, is in a shared window; a span has one shard a rank
 *
 *     start    started[r] <- spans that rank r has written so far
 *     sum      once all have started span i:
 *              v_r[shard r] <- ((v_0 + v_1) + v_2) + ... over shard r, summed[r] <- i+1
 *     read     once all have summed span i: its sum is v_k[shard k] for every k
 *     leave    before v_r is written anew: left[r] <- started[r], until all have left
 *
 * Reduce-scatter and all-gather by reading alone: nothing is copied, neither to be sent
 * nor to be received.  A rank reads size/size of a span to sum its shard, writes
 * 1/size, and reads the sum where its owner left it, at the moment when it is used.
 * Values are added in rank order: the bits are those of shm.c and of the exchange
 * `ordered`.
 *
 * Memory order.  The three counters of a rank only grow.  It stores one (release) after
 * the reads and writes that it stands for; who loads it (acquire) sees them done.
 *
 * Write after read: the only rank that reads v_r[shard r] for a sum is r itself, so the
 * sum may lie over it.  v_r is written anew after all ranks have left, and they leave
 * when they have used the sums.
 *
 * State: size vectors of a node, together 16 MiB at most, so that they stay in the last
 * cache: from memory, shm.c is as fast and takes less of it. */

#include "comm/in_place.h"

#include "comm/comm.h"
#include "comm/progress.h"
#include "comm/shm.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    LINE = 128, /* bytes: two lines of cache, which come in pairs */
    ALL_VECTORS = 16 << 20
};

typedef enum counter { STARTED, SUMMED, LEFT, COUNTERS } counter;

/* Waits until the others have counted as far as this rank has. */
typedef struct vigil {
    tally_task task;
    tally_request request; /* never active: it says whom we wait for */
    tally_in_place *m;
    unsigned long long until;
} vigil;

struct tally_in_place {
    tally_window *window; /* owned: one line of counters a rank, then the vectors */
    tally_comm *comm;
    int rank, size;
    size_t stride;           /* values from one vector to the next */
    const tally_span *spans; /* borrowed */
    size_t count;
    unsigned long long counted[COUNTERS],
        left;      /* this rank's; left: at the last room */
    size_t *order; /* owned: the spans in the order in which a step starts them */
    vigil *vigils; /* owned: one a span, and one for leaving */
    const tally_real **each; /* owned: where the vectors have the shard to be summed */
    int tag;
};

static size_t round_up(size_t values)
{
    const size_t line = LINE / sizeof(tally_real);

    return (values + line - 1) / line * line;
}

static size_t window_bytes(int size, size_t length)
{
    return (size_t)size * (LINE + round_up(length) * sizeof(tally_real));
}

bool tally_in_place_works(const tally_comm *c, size_t length)
{
    return tally_shm_works(c) && length < ALL_VECTORS / sizeof(tally_real) &&
           window_bytes(c->size, length) <= ALL_VECTORS;
}

static tally_real *vector_of(const tally_in_place *m, int rank)
{
    void *vectors = (unsigned char *)m->window->base + (size_t)m->size * LINE;

    return (tally_real *)vectors + (size_t)rank * m->stride;
}

static atomic_ullong *counter_of(const tally_in_place *m, int rank, counter which)
{
    void *line = (unsigned char *)m->window->base + (size_t)rank * LINE;

    return (atomic_ullong *)line + which;
}

static void count_to(tally_in_place *m, counter which, unsigned long long n)
{
    m->counted[which] = n;
    atomic_store_explicit(counter_of(m, m->rank, which), n, memory_order_release);
}

/* The next rank that has not counted to n; -1: all have. */
static int late(const tally_in_place *m, counter which, unsigned long long n)
{
    for (int k = 1; k < m->size; k++) {
        int r = (m->rank + k) % m->size;

        if (atomic_load_explicit(counter_of(m, r, which), memory_order_acquire) < n)
            return r;
    }
    return -1;
}

/* ---- sums ---- */

static void sum_shard(tally_in_place *m, tally_span s)
{
    tally_span mine = tally_shm_shard(m->rank, m->size, s.count);

    for (int r = 0; r < m->size; r++)
        m->each[r] = vector_of(m, r) + s.first + mine.first;
    tally_shm_add(m->each, m->size, mine.count,
                  vector_of(m, m->rank) + s.first + mine.first, NULL);
}

/* Sums what all have started, in order; the rank that the next one has to wait for, or
 * -1. */
static int sum_started(tally_in_place *m)
{
    while (m->counted[SUMMED] < m->counted[STARTED]) {
        unsigned long long i = m->counted[SUMMED];
        int awaited = late(m, STARTED, i + 1);

        if (awaited >= 0) return awaited;
        sum_shard(m, m->spans[m->order[i - m->left]]);
        count_to(m, SUMMED, i + 1);
    }
    return -1;
}

static tally_status advance_sum(tally_task *t)
{
    vigil *w = (vigil *)t;

    w->request.peer = sum_started(w->m);
    if (w->m->counted[SUMMED] >= w->until)
        w->request.peer = late(w->m, SUMMED, w->until);
    t->done = w->request.peer < 0;
    return TALLY_OK;
}

static tally_status advance_leaving(tally_task *t)
{
    vigil *w = (vigil *)t;

    w->request.peer = late(w->m, LEFT, w->until);
    t->done = w->request.peer < 0;
    return TALLY_OK;
}

static vigil *leaving(const tally_in_place *m)
{
    return &m->vigils[m->count];
}

tally_status tally_in_place_room(tally_in_place *m, tally_real **v)
{
    vigil *w = leaving(m);

    w->until = m->left = m->counted[STARTED];
    count_to(m, LEFT, w->until);
    TALLY_TRY(tally_task_start(&w->task));
    TALLY_TRY(tally_task_wait(&w->task));
    *v = vector_of(m, m->rank);
    return TALLY_OK;
}

tally_status tally_in_place_start(tally_in_place *m, size_t k)
{
    /* The progress thread may be summing an earlier span. */
    tally_progress_enter(m->comm);
    size_t i = (size_t)(m->counted[STARTED] - m->left);

    assert(i < m->count && m->vigils[k].task.done);
    m->order[i] = k;
    count_to(m, STARTED, m->counted[STARTED] + 1);
    m->vigils[k].until = m->counted[STARTED];
    tally_progress_leave(m->comm);
    tally_count_modelled(m->comm, m->tag + 2 * (int)k, m->spans[k].count);
    TALLY_TRY(tally_task_start(&m->vigils[k].task));
    return TALLY_OK;
}

tally_status tally_in_place_wait(tally_in_place *m, size_t k)
{
    TALLY_TRY(tally_task_wait(&m->vigils[k].task));
    return TALLY_OK;
}

tally_span tally_in_place_part(const tally_in_place *m, size_t k, tally_span left,
                               tally_real **v)
{
    tally_span s = m->spans[k], shard = {0};
    size_t at = left.first - s.first;
    int r = 0;

    while (shard = tally_shm_shard(r, m->size, s.count),
           at >= shard.first + shard.count)
        r++;
    size_t there = shard.first + shard.count - at;

    *v = vector_of(m, r);
    return (tally_span){left.first, there < left.count ? there : left.count};
}

/* ---- open and close ---- */

static tally_status open_vigils(tally_in_place *m)
{
    for (size_t k = 0; k <= m->count; k++) {
        vigil *w = &m->vigils[k];

        w->m = m;
        w->request.tag = m->tag;
        w->task = (tally_task){.comm = m->comm,
                               .advance = k < m->count ? advance_sum : advance_leaving,
                               .requests = &w->request,
                               .request_count = 1,
                               .in_order = true,
                               .spins = true,
                               .what = k < m->count ? "sum of" : "meeting before",
                               .unit = k < m->count ? "values" : "spans",
                               .tag = m->tag + (k < m->count ? 2 * (int)k : 1),
                               .amount = k < m->count ? m->spans[k].count : m->count,
                               .done = true};
        TALLY_TRY(tally_task_open(&w->task));
    }
    return TALLY_OK;
}

tally_status tally_in_place_open(tally_in_place **m, tally_comm *c,
                                 tally_channel channel, int number,
                                 const tally_span *spans, size_t count, size_t length)
{
    tally_in_place *made = calloc(1, sizeof *made);

    assert(tally_in_place_works(c, length));
    if (!made) return TALLY_FAIL(MEMORY, "no memory for sums in place");
    *m = made;
    *made = (tally_in_place){.comm = c,
                             .rank = c->rank,
                             .size = c->size,
                             .stride = round_up(length),
                             .spans = spans,
                             .count = count,
                             .order = calloc(count, sizeof *made->order),
                             .vigils = calloc(count + 1, sizeof *made->vigils),
                             .each = calloc((size_t)c->size, sizeof *made->each),
                             .tag = TALLY_TAG(channel, 2 * number)};
    tally_status status = TALLY_OK;
    if (!made->order || !made->vigils || !made->each)
        status = TALLY_FAIL(MEMORY, "no memory for %zu sums in place", count);
    TALLY_TRY(tally_agree(c, status));
    TALLY_TRY(tally_share(c, window_bytes(c->size, length), &made->window));
    TALLY_TRY(open_vigils(made));
    return TALLY_OK;
}

void tally_in_place_close(tally_in_place *m)
{
    if (!m) return;
    for (size_t k = 0; m->vigils && k <= m->count; k++)
        tally_task_drop(&m->vigils[k].task);
    if (m->window) tally_unshare(m->comm, m->window);
    free(m->order);
    free(m->vigils);
    free(m->each);
    free(m);
}

/* cases.c — what every comm must do, as bodies that any comm can run. */

#include "comm/cases.h"

#include "tally/collective.h"

#include "comm/comm.h"
#include "comm/in_place.h"
#include "comm/sharded_bytes.h"
#include "num/random.h"

#include <float.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition))                                                              \
            return TALLY_FAIL(CORRUPT, "line %d: %s does not hold", __LINE__,          \
                              #condition);                                             \
    } while (0)

enum { LONGEST = 1000 };

static int tag(int number)
{
    return TALLY_TAG(TALLY_USER, number);
}

/* Waits until all of r are done. */
static tally_status wait_all(tally_comm *c, tally_request *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        TALLY_TRY(tally_wait(c, &r[i], NULL));
    return TALLY_OK;
}

/* ---- messages ---- */

/* Every rank sends two numbers to every rank, itself included, with one tag: they come
 * in the order sent. */
static tally_status pairs_keep_their_order(tally_comm *c, void *context)
{
    size_t size = (size_t)c->size;
    int(*out)[2] = calloc(size, sizeof *out), (*in)[2] = calloc(size, sizeof *in);
    tally_request *r = calloc(4 * size, sizeof *r), *next = r;

    (void)context;
    CHECK(out && in && r);
    for (int q = 0; q < c->size; q++)
        for (int k = 0; k < 2; k++) {
            out[q][k] = 1000 * c->rank + 10 * q + k;
            TALLY_TRY(tally_irecv(c, q, tag(1), &in[q][k], sizeof(int), next++));
            TALLY_TRY(tally_isend(c, q, tag(1), &out[q][k], sizeof(int), next++));
        }
    TALLY_TRY(wait_all(c, r, 4 * size));
    for (int q = 0; q < c->size; q++)
        for (int k = 0; k < 2; k++)
            CHECK(in[q][k] == 1000 * q + 10 * c->rank + k);
    free(out);
    free(in);
    free(r);
    return TALLY_OK;
}

/* Tags are taken in the order of the receives, whatever the order of the sends; a
 * receive may be longer than what comes, and an empty message is one. */
static tally_status tags_and_lengths_are_told(tally_comm *c, void *context)
{
    int right = (c->rank + 1) % c->size, left = (c->rank + c->size - 1) % c->size;
    char first[8] = "abc", second[8] = "", got[16] = "", none[1];
    tally_request r[4] = {{0}};
    tally_note note;

    (void)context;
    TALLY_TRY(tally_irecv(c, left, tag(3), none, 1, &r[0]));
    TALLY_TRY(tally_irecv(c, left, tag(2), got, sizeof got, &r[1]));
    TALLY_TRY(tally_isend(c, right, tag(2), first, 4, &r[2]));
    TALLY_TRY(tally_isend(c, right, tag(3), second, 0, &r[3]));
    TALLY_TRY(tally_wait(c, &r[1], &note));
    CHECK(note.peer == left && note.tag == tag(2) && note.bytes == 4);
    CHECK(strcmp(got, "abc") == 0);
    TALLY_TRY(tally_wait(c, &r[0], &note));
    CHECK(note.peer == left && note.tag == tag(3) && note.bytes == 0);
    TALLY_TRY(tally_wait(c, &r[2], &note));
    CHECK(note.peer == right && note.tag == tag(2) && note.bytes == 4);
    TALLY_TRY(tally_wait(c, &r[3], NULL));
    CHECK(!r[0].active && !r[1].active && !r[2].active && !r[3].active);
    return TALLY_OK;
}

/* Rank 0 hears everybody once and learns who it was. */
static tally_status any_source_hears_each_once(tally_comm *c, void *context)
{
    uint64_t heard = 0, value = (uint64_t)c->rank * 7 + 1;
    tally_request send = {0};

    (void)context;
    CHECK(c->size <= 64);
    if (c->rank > 0) {
        TALLY_TRY(tally_isend(c, 0, tag(4), &value, sizeof value, &send));
        TALLY_TRY(tally_wait(c, &send, NULL));
        return TALLY_OK;
    }
    for (int k = 1; k < c->size; k++) {
        tally_request receive = {0};
        tally_note note;

        TALLY_TRY(tally_irecv(c, TALLY_ANY, tag(4), &value, sizeof value, &receive));
        TALLY_TRY(tally_wait(c, &receive, &note));
        CHECK(note.peer > 0 && note.peer < c->size && note.bytes == sizeof value);
        CHECK(value == (uint64_t)note.peer * 7 + 1);
        CHECK(!(heard >> note.peer & 1));
        heard |= (uint64_t)1 << note.peer;
    }
    return TALLY_OK;
}

/* A receive that nobody answers ends at the deadline and can be abandoned; what has
 * come is found first; inactive requests are skipped. */
static tally_status waits_end_at_the_deadline(tally_comm *c, void *context)
{
    int right = (c->rank + 1) % c->size, left = (c->rank + c->size - 1) % c->size;
    int sent = c->rank, got = -1, never = 0, which;
    tally_request idle = {0}, lost = {0}, receive = {0}, send = {0};
    tally_request *const r[] = {&idle, &lost, &receive};
    tally_note note;

    (void)context;
    TALLY_TRY(tally_wait_some(c, r, 3, (double)INFINITY, &which, &note));
    CHECK(which == -1);
    TALLY_TRY(tally_irecv(c, left, tag(5), &never, sizeof never, &lost));
    double deadline = tally_now(c) + 0.01;
    TALLY_TRY(tally_wait_some(c, r, 3, deadline, &which, &note));
    CHECK(which == -1 && lost.active && tally_now(c) >= deadline);
    TALLY_TRY(tally_wait_some(c, r, 3, -(double)INFINITY, &which, &note)); /* a look */
    CHECK(which == -1 && lost.active);

    TALLY_TRY(tally_irecv(c, left, tag(6), &got, sizeof got, &receive));
    TALLY_TRY(tally_isend(c, right, tag(6), &sent, sizeof sent, &send));
    TALLY_TRY(tally_wait_some(c, r, 3, (double)INFINITY, &which, &note));
    CHECK(which == 2 && !receive.active && got == left && note.peer == left);
    TALLY_TRY(tally_wait(c, &send, NULL));
    tally_abandon(c, &lost);
    CHECK(!lost.active);
    return TALLY_OK;
}

static tally_status tests_find_what_came(tally_comm *c, void *context)
{
    int right = (c->rank + 1) % c->size, left = (c->rank + c->size - 1) % c->size;
    int sent = c->rank, got = -1;
    tally_request receive = {0}, send = {0};
    tally_note note;
    bool done;

    (void)context;
    TALLY_TRY(tally_test(c, &receive, &done, &note));
    CHECK(done);
    TALLY_TRY(tally_irecv(c, left, tag(7), &got, sizeof got, &receive));
    TALLY_TRY(tally_isend(c, right, tag(7), &sent, sizeof sent, &send));
    do
        TALLY_TRY(tally_test(c, &receive, &done, &note));
    while (!done);
    CHECK(got == left && note.peer == left && note.bytes == sizeof got);
    TALLY_TRY(tally_wait(c, &send, NULL));
    return TALLY_OK;
}

/* What does not fit is an error of its receive, and says whose message it was. */
static tally_status too_long_is_an_error(tally_comm *c, void *context)
{
    int right = (c->rank + 1) % c->size, left = (c->rank + c->size - 1) % c->size;
    char out[8] = "abcdefg", in[8] = "", expected[64];
    tally_request receive = {0}, send = {0};

    (void)context;
    /* Open MPI 4.1 cuts a message to oneself in silence. */
    if (c->size == 1 && strcmp(c->ops->about.name, "mpi") == 0) return TALLY_OK;
    TALLY_TRY(tally_irecv(c, left, tag(8), in, 4, &receive));
    TALLY_TRY(tally_isend(c, right, tag(8), out, sizeof out, &send));
    tally_status status = tally_wait(c, &receive, NULL);
    snprintf(expected, sizeof expected, "from rank %d (tag %d)", left, tag(8));
    bool told = strstr(tally_error_sentence(), expected) != NULL;
    CHECK(status == TALLY_NETWORK && told);
    CHECK(!receive.active && in[4] == '\0');
    TALLY_TRY(tally_wait(c, &send, NULL));
    return TALLY_OK;
}

/* Traffic is counted where it belongs, each way. */
static tally_status traffic_is_counted(tally_comm *c, void *context)
{
    int right = (c->rank + 1) % c->size, left = (c->rank + c->size - 1) % c->size;
    tally_traffic before = c->traffic[TALLY_STATE], other = c->traffic[TALLY_MIX];
    char out[10] = {0}, in[20];
    tally_request r[2] = {{0}};
    int number = TALLY_TAG(TALLY_STATE, 4095);

    (void)context;
    TALLY_TRY(tally_irecv(c, left, number, in, sizeof in, &r[0]));
    TALLY_TRY(tally_isend(c, right, number, out, sizeof out, &r[1]));
    TALLY_TRY(wait_all(c, r, 2));
    const tally_traffic *after = &c->traffic[TALLY_STATE];
    CHECK(after->bytes_sent - before.bytes_sent == 10);
    CHECK(after->messages_sent - before.messages_sent == 1);
    CHECK(after->bytes_received - before.bytes_received == 10);
    CHECK(after->messages_received - before.messages_received == 1);
    CHECK(memcmp(&other, &c->traffic[TALLY_MIX], sizeof other) == 0);
    return TALLY_OK;
}

/* ---- comms and shared memory ---- */

/* Odd and even ranks apart, each in reverse order; the two do not hear each other. */
static tally_status split_reorders_ranks(tally_comm *c, void *context)
{
    int odd = c->rank & 1, sent = c->rank, got = -1;
    int expected = 0;
    tally_comm *sub;
    tally_request r[2] = {{0}};

    (void)context;
    for (int q = 0; q < c->size; q++)
        if ((q & 1) == odd) expected++;
    TALLY_TRY(tally_comm_split(c, odd, -c->rank, &sub));
    CHECK(sub->size == expected);
    CHECK(sub->rank == expected - 1 - c->rank / 2);
    int left = (sub->rank + 1) % sub->size;
    int right = (sub->rank + sub->size - 1) % sub->size;
    TALLY_TRY(tally_irecv(sub, left, tag(1), &got, sizeof got, &r[0]));
    TALLY_TRY(tally_isend(sub, right, tag(1), &sent, sizeof sent, &r[1]));
    TALLY_TRY(wait_all(sub, r, 2));
    CHECK((got & 1) == odd && got / 2 == expected - 1 - left);
    CHECK(sub->traffic[TALLY_USER].bytes_sent == sizeof sent);
    TALLY_TRY(tally_barrier(sub));
    tally_comm_close(sub);
    return TALLY_OK;
}

/* A comm and one split from it use the same tags at once. */
static tally_status split_keeps_messages_apart(tally_comm *c, void *context)
{
    int right = (c->rank + 1) % c->size, left = (c->rank + c->size - 1) % c->size;
    int out[2] = {c->rank, 100 + c->rank}, in[2] = {-1, -1};
    tally_request r[2] = {{0}}, q[2] = {{0}};
    tally_comm *sub;

    (void)context;
    TALLY_TRY(tally_comm_split(c, 0, c->rank, &sub));
    CHECK(sub->rank == c->rank && sub->size == c->size);
    CHECK(sub->node_rank == c->node_rank && sub->node_size == c->node_size);
    TALLY_TRY(tally_irecv(c, left, tag(1), &in[0], sizeof(int), &r[0]));
    TALLY_TRY(tally_irecv(sub, left, tag(1), &in[1], sizeof(int), &q[0]));
    TALLY_TRY(tally_isend(sub, right, tag(1), &out[1], sizeof(int), &q[1]));
    TALLY_TRY(tally_isend(c, right, tag(1), &out[0], sizeof(int), &r[1]));
    TALLY_TRY(wait_all(c, r, 2));
    TALLY_TRY(wait_all(sub, q, 2));
    CHECK(in[0] == left && in[1] == 100 + left);
    tally_comm_close(sub);
    return TALLY_OK;
}

/* Each rank of a node writes its word; all of them see all words. */
static tally_status windows_are_shared(tally_comm *c, void *context)
{
    size_t bytes = (size_t)c->node_size * sizeof(int) + 3;
    tally_window *w;

    (void)context;
    TALLY_TRY(tally_share(c, bytes, &w));
    int *words = w->base;
    CHECK(w->bytes == bytes && (uintptr_t)w->base % 64 == 0);
    CHECK(words[c->node_rank] == 0);
    words[c->node_rank] = 10 + c->node_rank;
    TALLY_TRY(tally_barrier(c));
    for (int i = 0; i < c->node_size; i++)
        CHECK(words[i] == 10 + i);
    TALLY_TRY(tally_barrier(c));
    tally_unshare(c, w);
    return TALLY_OK;
}

/* ---- sums ---- */

/* What rank r contributes at i: of either sign, and not a multiple of anything. */
static tally_real share_of(int rank, size_t i)
{
    return (tally_real)sin(1.0 + 3.7 * (double)rank + 0.91 * (double)i);
}

/* Summing n terms of size <= 1 in any order errs by at most (n-1) n/2 roundings of
 * partial sums <= n; n^2 eps covers it. */
static tally_status sum_is_right(tally_comm *c, const tally_real *v, size_t n)
{
    double eps =
        sizeof(tally_real) == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON;
    double tolerance = c->size * c->size * eps;

    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (int r = 0; r < c->size; r++)
            sum += (double)share_of(r, i);
        CHECK(fabs(sum - (double)v[i]) <= tolerance);
    }
    return TALLY_OK;
}

static tally_status same_everywhere(tally_comm *c, const void *p, size_t n)
{
    unsigned char *all = calloc((size_t)c->size, n + 1);

    CHECK(all);
    TALLY_TRY(tally_gather_all(c, p, n, all));
    for (int r = 0; r < c->size; r++)
        CHECK(n == 0 || memcmp(all + (size_t)r * n, p, n) == 0);
    free(all);
    return TALLY_OK;
}

static tally_status sum_lengths(tally_comm *c, tally_sum_algorithm algorithm)
{
    static const size_t lengths[] = {0, 1, 2, 7, 63, 64, 65, LONGEST};
    tally_real v[LONGEST];
    tally_sum s = {.n = 0};

    TALLY_TRY(tally_sum_open(&s, c, TALLY_EXCHANGE, 7, algorithm, LONGEST));
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        size_t n = lengths[k];
        uint64_t before = c->traffic[TALLY_EXCHANGE].bytes_sent;

        for (size_t i = 0; i < n; i++)
            v[i] = share_of(c->rank, i);
        TALLY_TRY(tally_sum_start(&s, v, n));
        TALLY_TRY(tally_sum_wait(&s));
        TALLY_TRY(sum_is_right(c, v, n));
        TALLY_TRY(same_everywhere(c, v, n * sizeof *v));
        CHECK(c->traffic[TALLY_EXCHANGE].bytes_sent - before ==
              tally_sum_bytes(c, s.algorithm, c->rank, n));
    }
    CHECK(s.algorithm == tally_sum_resolve(c, algorithm, LONGEST));
    tally_sum_close(&s);
    return TALLY_OK;
}

static tally_status sums_by_ring(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_RING);
}

static tally_status sums_by_halving(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_HALVING);
}

static tally_status sums_by_native(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_NATIVE);
}

static tally_status sums_by_choice(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_AUTO);
}

static tally_status sums_by_tree(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_TREE);
}

static tally_status sums_by_hier(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_HIER);
}

static tally_status sums_by_shm(tally_comm *c, void *context)
{
    (void)context;
    return sum_lengths(c, TALLY_SUM_SHM);
}

/* Spends a time that differs from call to call and from rank to rank. */
static void dawdle(int rank, int turn)
{
    uint64_t rounds = tally_random(3, TALLY_FOR_TESTS, (uint64_t)rank, (uint64_t)turn);

    for (rounds %= 512; rounds % 64 > 0; rounds--)
        sched_yield();
}

/* The same bits as adding in rank order: v_0 + v_1, then + v_2, ... */
static tally_status sum_is_ordered(tally_comm *c, const tally_real *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tally_real sum = share_of(0, i);

        for (int r = 1; r < c->size; r++)
            sum += share_of(r, i);
        CHECK(memcmp(&sum, &v[i], sizeof sum) == 0);
    }
    return TALLY_OK;
}

/* One, a few and many chunks of shared memory, thrice through the same window. */
static tally_status shared_sums_are_ordered(tally_comm *c, void *context)
{
    static const size_t lengths[] = {0, 1, 7, 1000, 100003, 1200001};

    enum { MOST = 1200001 };

    bool ordered = tally_sum_resolve(c, TALLY_SUM_SHM, MOST) == TALLY_SUM_SHM;
    tally_real *v = malloc(MOST * sizeof *v);
    tally_sum s = {.n = 0};

    (void)context;
    CHECK(v);
    TALLY_TRY(tally_sum_open(&s, c, TALLY_EXCHANGE, 7, TALLY_SUM_SHM, MOST));
    for (size_t k = 0; ordered && k < 3 * sizeof lengths / sizeof *lengths; k++) {
        size_t n = lengths[k % (sizeof lengths / sizeof *lengths)];

        for (size_t i = 0; i < n; i++)
            v[i] = share_of(c->rank, i);
        dawdle(c->rank, (int)k);
        TALLY_TRY(tally_sum_start(&s, v, n));
        TALLY_TRY(tally_sum_wait(&s));
        TALLY_TRY(sum_is_ordered(c, v, n));
    }
    tally_sum_close(&s);
    free(v);
    return TALLY_OK;
}

/* What the parts of span k show, against adding share_of(rank, turn + i) in rank order.
 */
static tally_status parts_are_ordered(tally_comm *c, const tally_in_place *m, size_t k,
                                      tally_span left, size_t turn)
{
    while (left.count > 0) {
        tally_real *v;
        tally_span part = tally_in_place_part(m, k, left, &v);

        CHECK(part.first == left.first && part.count > 0 && part.count <= left.count);
        for (size_t i = part.first; i < part.first + part.count; i++) {
            tally_real sum = share_of(0, turn + i);

            for (int r = 1; r < c->size; r++)
                sum += share_of(r, turn + i);
            CHECK(memcmp(&sum, &v[i], sizeof sum) == 0);
        }
        left.first += part.count;
        left.count -= part.count;
    }
    return TALLY_OK;
}

/* Vectors that lie in shared memory, written anew each turn while others may be late:
 * who writes too early, or reads too late, finds the values of another turn. */
static tally_status sums_in_place(tally_comm *c, void *context)
{
    static const tally_span spans[] = {
        {0,    64  },
        {64,   1   },
        {65,   4099},
        {4164, 0   },
        {4164, 9999}
    };

    enum { SPANS = 5, LENGTH = 14163, TURNS = 30 };

    tally_in_place *m = NULL;

    (void)context;
    CHECK(!tally_in_place_works(c, (size_t)1 << 40));
    if (!tally_in_place_works(c, LENGTH)) return TALLY_OK;
    TALLY_TRY(tally_in_place_open(&m, c, TALLY_EXCHANGE, 9, spans, SPANS, LENGTH));
    for (size_t turn = 0; turn < TURNS; turn++) {
        tally_real *v;

        TALLY_TRY(tally_in_place_room(m, &v));
        for (size_t k = SPANS; k-- > 0;) {
            for (size_t i = spans[k].first; i < spans[k].first + spans[k].count; i++)
                v[i] = share_of(c->rank, turn + i);
            dawdle(c->rank, (int)(turn * SPANS + k));
            TALLY_TRY(tally_in_place_start(m, k));
        }
        for (size_t k = 0; k < SPANS; k++) {
            TALLY_TRY(tally_in_place_wait(m, k));
            TALLY_TRY(parts_are_ordered(c, m, k, spans[k], turn));
        }
    }
    tally_in_place_close(m);
    return TALLY_OK;
}

/* Sums in shared memory and by messages, of several lengths, under way together, with
 * delays and polls in between; waited for in another order on each rank. */
static tally_status sums_survive_delays(tally_comm *c, void *context)
{
    static const size_t lengths[] = {1, 20011, 130, 4099, 257};

    enum { SUMS = 5, TURNS = 40, MOST = 20011 };

    tally_real *v = malloc(SUMS * MOST * sizeof *v);
    tally_sum s[SUMS] = {{.n = 0}};
    bool ordered = tally_sum_resolve(c, TALLY_SUM_SHM, MOST) == TALLY_SUM_SHM;

    (void)context;
    CHECK(v);
    for (int k = 0; k < SUMS; k++)
        TALLY_TRY(tally_sum_open(&s[k], c, TALLY_EXCHANGE, k,
                                 k == 2 ? TALLY_SUM_RING : TALLY_SUM_SHM, lengths[k]));
    for (int turn = 0; turn < (ordered ? TURNS : 2); turn++) {
        for (int k = 0; k < SUMS; k++) {
            for (size_t i = 0; i < lengths[k]; i++)
                v[(size_t)k * MOST + i] = share_of(c->rank, i);
            TALLY_TRY(tally_sum_start(&s[k], v + k * MOST, lengths[k]));
            dawdle(c->rank, turn * SUMS + k);
            TALLY_TRY(tally_poll(c));
        }
        for (int k = 0; k < SUMS; k++) {
            int next = (k + c->rank + turn) % SUMS;

            TALLY_TRY(tally_sum_wait(&s[next]));
            TALLY_TRY(sum_is_right(c, v + next * MOST, lengths[next]));
            if (ordered && next != 2)
                TALLY_TRY(sum_is_ordered(c, v + next * MOST, lengths[next]));
        }
    }
    for (int k = 0; k < SUMS; k++)
        tally_sum_close(&s[k]);
    free(v);
    CHECK(c->tasks == NULL);
    return TALLY_OK;
}

/* A sum that is closed in the middle leaves its window behind; new ones come and go. */
static tally_status sums_may_be_left(tally_comm *c, void *context)
{
    tally_real v[64] = {0};

    (void)context;
    for (int turn = 0; turn < 5; turn++) {
        tally_sum s = {.n = 0};

        TALLY_TRY(tally_sum_open(&s, c, TALLY_EXCHANGE, 7, TALLY_SUM_SHM, 64));
        if (tally_sum_resolve(c, TALLY_SUM_SHM, 64) == TALLY_SUM_SHM)
            TALLY_TRY(tally_sum_start(&s, v, 64));
        tally_sum_close(&s);
        CHECK(c->tasks == NULL);
    }
    return TALLY_OK;
}

/* Cheaper than share_of, and as little exact. */
static tally_real cheap_share_of(int rank, size_t i)
{
    return (tally_real)((i * 31 + (size_t)rank * 7919) % 1009) / 7 - 71;
}

/* Block k of the ring is the sum from rank k on, around the ring. */
static tally_status block_is_in_ring_order(tally_comm *c, const tally_real *v, size_t i,
                                           size_t end, int k)
{
    for (; i < end; i++) {
        tally_real sum = cheap_share_of(k, i);

        for (int r = 1; r < c->size; r++)
            sum += cheap_share_of((k + r) % c->size, i);
        CHECK(memcmp(&sum, &v[i], sizeof sum) == 0);
    }
    return TALLY_OK;
}

/* Blocks of one segment and of more than may be under way. */
static tally_status long_rings_keep_their_order(tally_comm *c, void *context)
{
    static const size_t lengths[] = {1300021, 13, 400009, 131072};

    enum { MOST = 1300021 };

    tally_real *v = malloc(MOST * sizeof *v);
    tally_sum s = {.n = 0};

    (void)context;
    CHECK(v);
    TALLY_TRY(tally_sum_open(&s, c, TALLY_EXCHANGE, 7, TALLY_SUM_RING, MOST));
    for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
        size_t n = lengths[j], each = n / (size_t)c->size, longer = n % (size_t)c->size;
        uint64_t before = c->traffic[TALLY_EXCHANGE].bytes_sent;

        for (size_t i = 0; i < n; i++)
            v[i] = cheap_share_of(c->rank, i);
        TALLY_TRY(tally_sum_start(&s, v, n));
        TALLY_TRY(tally_sum_wait(&s));
        CHECK(c->traffic[TALLY_EXCHANGE].bytes_sent - before ==
              tally_sum_bytes(c, TALLY_SUM_RING, c->rank, n));
        for (size_t k = 0, end = 0; k < (size_t)c->size; k++) {
            size_t begin = end;

            end += each + (k < longer ? 1 : 0);
            TALLY_TRY(block_is_in_ring_order(c, v, begin, end, (int)k));
        }
    }
    tally_sum_close(&s);
    free(v);
    return TALLY_OK;
}

/* Slices of several segments, under way together with another sum. */
static tally_status long_hiers_are_right(tally_comm *c, void *context)
{
    enum { LENGTH = 700001, SHORT = 1000 };

    tally_real *v = malloc((LENGTH + SHORT) * sizeof *v), *more = v + LENGTH;
    tally_sum s = {.n = 0}, other = {.n = 0};

    (void)context;
    CHECK(v);
    TALLY_TRY(tally_sum_open(&s, c, TALLY_EXCHANGE, 7, TALLY_SUM_HIER, LENGTH));
    TALLY_TRY(tally_sum_open(&other, c, TALLY_EXCHANGE, 8, TALLY_SUM_HIER, SHORT));
    for (size_t i = 0; i < LENGTH + SHORT; i++)
        v[i] = (tally_real)((c->rank + 1) * (int)(i % 17));
    TALLY_TRY(tally_sum_start(&s, v, LENGTH));
    TALLY_TRY(tally_sum_start(&other, more, SHORT));
    TALLY_TRY(tally_sum_wait(&other));
    TALLY_TRY(tally_sum_wait(&s));
    for (size_t i = 0; i < LENGTH + SHORT; i++) {
        int want = c->size * (c->size + 1) / 2 * (int)(i % 17);

        CHECK(v[i] >= (tally_real)want && v[i] <= (tally_real)want);
    }
    tally_sum_close(&s);
    tally_sum_close(&other);
    free(v);
    return TALLY_OK;
}

/* Several sums at once, waited for in an order that differs from rank to rank, with
 * polls in between. */
static tally_status sums_overlap(tally_comm *c, void *context)
{
    enum { SUMS = 5, LENGTH = 40 };

    tally_real v[SUMS][LENGTH];
    tally_sum s[SUMS] = {{.n = 0}};

    (void)context;
    for (int k = 0; k < SUMS; k++) {
        for (size_t i = 0; i < LENGTH; i++)
            v[k][i] = share_of(c->rank, i);
        TALLY_TRY(tally_sum_open(&s[k], c, TALLY_EXCHANGE, k,
                                 k & 1 ? TALLY_SUM_RING : TALLY_SUM_HALVING, LENGTH));
        TALLY_TRY(tally_sum_start(&s[k], v[k], LENGTH));
        TALLY_TRY(tally_poll(c));
    }
    for (int k = 0; k < SUMS; k++)
        TALLY_TRY(tally_sum_wait(&s[(k + c->rank) % SUMS]));
    for (int k = 0; k < SUMS; k++) {
        TALLY_TRY(sum_is_right(c, v[k], LENGTH));
        tally_sum_close(&s[k]);
    }
    CHECK(c->tasks == NULL);
    return TALLY_OK;
}

/* ---- gathering and shards ---- */

static tally_status gather_is_in_rank_order(tally_comm *c, void *context)
{
    struct {
        int rank;
        char letter;
    } mine = {c->rank, (char)('a' + c->rank % 26)}, got;

    tally_gather g = {.record = 0};
    uint64_t before = c->traffic[TALLY_MIX].bytes_sent;

    (void)context;
    TALLY_TRY(tally_gather_open(&g, c, TALLY_MIX, 3, sizeof mine));
    for (int turn = 0; turn < 3; turn++) {
        mine.rank = c->rank + 100 * turn;
        TALLY_TRY(tally_gather_start(&g, &mine));
        TALLY_TRY(tally_gather_wait(&g));
        for (int r = 0; r < c->size; r++) {
            memcpy(&got, g.all + (size_t)r * sizeof got, sizeof got);
            CHECK(got.rank == r + 100 * turn && got.letter == 'a' + r % 26);
        }
    }
    CHECK(c->traffic[TALLY_MIX].bytes_sent - before ==
          3 * (uint64_t)(c->size - 1) * sizeof mine);
    tally_gather_close(&g);
    return TALLY_OK;
}

/* An owner adds the ballots up, in integers; context: the comm. */
static tally_status add_ballots(void *context, const void *const *ballots, size_t first,
                                size_t units, void *result)
{
    const tally_comm *c = context;
    uint32_t *sum = result;

    (void)first;
    for (size_t i = 0; i < units; i++) {
        uint32_t total = 0;

        for (int r = 0; r < c->size; r++)
            total += ((const uint32_t *)ballots[r])[i];
        sum[i] = total;
    }
    return TALLY_OK;
}

/* Ballots of two bytes a unit, results of one: the lengths differ each way. */
static tally_status tell_lowest(void *context, const void *const *ballots, size_t first,
                                size_t units, void *result)
{
    const tally_comm *c = context;
    unsigned char *out = result;

    for (size_t i = 0; i < units; i++) {
        unsigned sum = 0;

        for (int r = 0; r < c->size; r++)
            sum += ((const unsigned char *)ballots[r])[2 * i + 1];
        out[i] = (unsigned char)(sum + first + i);
    }
    return TALLY_OK;
}

static uint32_t ballot_of(int rank, size_t i)
{
    return (uint32_t)(rank * 1000003) ^ (uint32_t)(i * 2654435761u);
}

/* In place and apart, for lengths with empty, short and full shards. */
static tally_status shards_are_combined(tally_comm *c, void *context)
{
    static const size_t lengths[] = {0, 1, 2, 7, 64, 65, LONGEST};
    uint32_t from[LONGEST], apart[LONGEST];
    tally_sharded s = {.units = 0};

    (void)context;
    TALLY_TRY(tally_sharded_open(&s, c, TALLY_EXCHANGE, 9, sizeof *from, sizeof *from,
                                 LONGEST, add_ballots, c));
    for (size_t k = 0; k < 2 * sizeof lengths / sizeof *lengths; k++) {
        size_t n = lengths[k / 2];
        uint32_t *to = k & 1 ? from : apart;
        uint64_t before = c->traffic[TALLY_EXCHANGE].bytes_sent;

        for (size_t i = 0; i < n; i++)
            from[i] = ballot_of(c->rank, i);
        TALLY_TRY(tally_sharded_start(&s, from, to, n));
        TALLY_TRY(tally_poll(c));
        TALLY_TRY(tally_sharded_wait(&s));
        for (size_t i = 0; i < n; i++) {
            uint32_t total = 0;

            for (int r = 0; r < c->size; r++)
                total += ballot_of(r, i);
            CHECK(to[i] == total);
        }
        CHECK(c->traffic[TALLY_EXCHANGE].bytes_sent - before ==
              sharded_bytes(tally_group_all(c), n, sizeof *from, sizeof *from));
    }
    tally_sharded_close(&s);
    return TALLY_OK;
}

static tally_status shards_may_shrink_on_the_way(tally_comm *c, void *context)
{
    enum { UNITS = 37 };

    unsigned char from[2 * UNITS], to[UNITS] = {0};
    tally_sharded s = {.units = 0};
    uint64_t before = c->traffic[TALLY_EXCHANGE].bytes_sent;

    (void)context;
    for (int i = 0; i < 2 * UNITS; i++)
        from[i] = (unsigned char)(c->rank + i);
    TALLY_TRY(
        tally_sharded_open(&s, c, TALLY_EXCHANGE, 9, 2, 1, UNITS, tell_lowest, c));
    TALLY_TRY(tally_sharded_start(&s, from, to, UNITS));
    TALLY_TRY(tally_sharded_wait(&s));
    for (int i = 0; i < UNITS; i++) {
        int sum = i;

        for (int r = 0; r < c->size; r++)
            sum += (unsigned char)(r + 2 * i + 1);
        CHECK(to[i] == (unsigned char)sum);
    }
    CHECK(c->traffic[TALLY_EXCHANGE].bytes_sent - before ==
          sharded_bytes(tally_group_all(c), UNITS, 2, 1));
    tally_sharded_close(&s);
    return TALLY_OK;
}

/* Sums the ballots of a group, whose members' ranks have the same parity. */
static tally_status add_parity(void *context, const void *const *ballots, size_t first,
                               size_t units, void *result)
{
    const tally_comm *c = context;
    int size = (c->size + 1 - c->rank % 2) / 2;
    uint32_t *sum = result;

    (void)first;
    for (size_t i = 0; i < units; i++) {
        sum[i] = 0;
        for (int q = 0; q < size; q++)
            sum[i] += ((const uint32_t *)ballots[q])[i];
    }
    return TALLY_OK;
}

/* Even and odd ranks apart: with the first of a group as the server, and with all. */
static tally_status groups_share_shards(tally_comm *c, void *context)
{
    enum { UNITS = 37 };

    uint32_t from[UNITS], to[UNITS] = {0};
    int ranks[64], size = 0;
    tally_sharded s = {.units = 0};

    (void)context;
    for (int r = c->rank % 2; r < c->size && size < 64; r += 2)
        ranks[size++] = r;
    for (size_t i = 0; i < UNITS; i++)
        from[i] = ballot_of(c->rank, i);
    for (int round = 0; round < 2; round++) {
        tally_group g = {.ranks = ranks,
                         .size = size,
                         .me = c->rank / 2,
                         .owners = round ? size : 1};
        uint64_t before = c->traffic[TALLY_EXCHANGE].bytes_sent;

        TALLY_TRY(tally_sharded_open_among(&s, c, g, TALLY_EXCHANGE, 9, sizeof *from,
                                           sizeof *from, UNITS, add_parity, c));
        TALLY_TRY(tally_sharded_start(&s, from, to, UNITS));
        TALLY_TRY(tally_sharded_wait(&s));
        for (size_t i = 0; i < UNITS; i++) {
            uint32_t total = 0;

            for (int q = 0; q < size; q++)
                total += ballot_of(ranks[q], i);
            CHECK(to[i] == total);
        }
        CHECK(c->traffic[TALLY_EXCHANGE].bytes_sent - before ==
              sharded_bytes(g, UNITS, sizeof *from, sizeof *from));
        tally_sharded_close(&s);
    }
    return TALLY_OK;
}

/* ---- blocking ---- */

static tally_status broadcasts_reach_all(tally_comm *c, void *context)
{
    (void)context;
    for (int root = 0; root < c->size; root++) {
        char text[64];

        memset(text, c->rank == root ? 'a' + root : '?', sizeof text);
        TALLY_TRY(tally_broadcast(c, root, text, sizeof text));
        for (size_t i = 0; i < sizeof text; i++)
            CHECK(text[i] == 'a' + root);
    }
    return TALLY_OK;
}

/* Nobody leaves a barrier before all have written. */
static tally_status barriers_hold(tally_comm *c, void *context)
{
    tally_window *w;

    (void)context;
    TALLY_TRY(tally_share(c, (size_t)c->size * sizeof(int), &w));
    int *seen = w->base;
    for (int turn = 1; turn <= 3; turn++) {
        seen[c->node_rank] = turn;
        TALLY_TRY(tally_barrier(c));
        for (int i = 0; i < c->node_size; i++)
            CHECK(seen[i] == turn);
        TALLY_TRY(tally_barrier(c));
    }
    tally_unshare(c, w);
    return TALLY_OK;
}

static tally_status all_well_is_agreed(tally_comm *c, void *context)
{
    (void)context;
    CHECK(tally_agree(c, TALLY_OK) == TALLY_OK);
    return TALLY_OK;
}

/* The last rank fails alone: all know, with its sentence. */
static tally_status one_failure_is_agreed(tally_comm *c, void *context)
{
    tally_status mine = TALLY_OK;
    char expected[64];

    (void)context;
    if (c->rank == c->size - 1) mine = TALLY_FAIL(FILE, "cannot open %s", "x");
    snprintf(expected, sizeof expected, "rank %d: cannot open x", c->size - 1);
    if (c->size == 1) strcpy(expected, "cannot open x");
    CHECK(tally_agree(c, mine) == TALLY_FILE);
    bool agreed = tally_error_agreed();
    bool same = strcmp(tally_error_sentence(), expected) == 0;
    CHECK(agreed);
    CHECK(same);
    tally_error_clear();
    CHECK(tally_agree(c, TALLY_OK) == TALLY_OK);
    return TALLY_OK;
}

/* A failure counts more than a stop, and the lowest rank speaks. */
static tally_status the_worst_is_agreed(tally_comm *c, void *context)
{
    tally_status mine, worst;

    (void)context;
    if (c->rank == 0)
        mine = TALLY_FAIL(STOPPED, "stopped");
    else
        mine = TALLY_FAIL(FORMAT, "bad");
    worst = tally_agree(c, mine);
    CHECK(worst == (c->size == 1 ? TALLY_STOPPED : TALLY_FORMAT));
    tally_error_clear();
    return TALLY_OK;
}

const comm_case comm_cases[] = {
    {"pairs_keep_their_order",       pairs_keep_their_order      },
    {"tags_and_lengths_are_told",    tags_and_lengths_are_told   },
    {"any_source_hears_each_once",   any_source_hears_each_once  },
    {"waits_end_at_the_deadline",    waits_end_at_the_deadline   },
    {"tests_find_what_came",         tests_find_what_came        },
    {"too_long_is_an_error",         too_long_is_an_error        },
    {"traffic_is_counted",           traffic_is_counted          },
    {"split_reorders_ranks",         split_reorders_ranks        },
    {"split_keeps_messages_apart",   split_keeps_messages_apart  },
    {"windows_are_shared",           windows_are_shared          },
    {"sums_by_ring",                 sums_by_ring                },
    {"sums_by_halving",              sums_by_halving             },
    {"sums_by_native",               sums_by_native              },
    {"sums_by_choice",               sums_by_choice              },
    {"sums_by_tree",                 sums_by_tree                },
    {"sums_by_shm",                  sums_by_shm                 },
    {"sums_by_hier",                 sums_by_hier                },
    {"long_hiers_are_right",         long_hiers_are_right        },
    {"shared_sums_are_ordered",      shared_sums_are_ordered     },
    {"sums_in_place",                sums_in_place               },
    {"sums_survive_delays",          sums_survive_delays         },
    {"sums_may_be_left",             sums_may_be_left            },
    {"long_rings_keep_their_order",  long_rings_keep_their_order },
    {"sums_overlap",                 sums_overlap                },
    {"gather_is_in_rank_order",      gather_is_in_rank_order     },
    {"shards_are_combined",          shards_are_combined         },
    {"shards_may_shrink_on_the_way", shards_may_shrink_on_the_way},
    {"groups_share_shards",          groups_share_shards         },
    {"broadcasts_reach_all",         broadcasts_reach_all        },
    {"barriers_hold",                barriers_hold               },
    {"all_well_is_agreed",           all_well_is_agreed          },
    {"one_failure_is_agreed",        one_failure_is_agreed       },
    {"the_worst_is_agreed",          the_worst_is_agreed         },
    {NULL,                           NULL                        },
};

static tally_status run_one(tally_comm *c, const comm_case *each)
{
    tally_status status = each->body(c, NULL);

    if (status)
        return TALLY_FAIL(CORRUPT, "%s: %s", each->name, tally_error_sentence());
    return TALLY_OK;
}

tally_status comm_case_run(tally_comm *c, void *context)
{
    const char *name = context;
    bool found = false;

    for (const comm_case *each = comm_cases; each->name; each++) {
        if (strcmp(name, "all") != 0 && strcmp(name, each->name) != 0) continue;
        found = true;
        TALLY_TRY(run_one(c, each));
        TALLY_TRY(tally_barrier(c));
    }
    if (!found) return TALLY_FAIL(OPTION, "there is no case %s", name);
    return TALLY_OK;
}

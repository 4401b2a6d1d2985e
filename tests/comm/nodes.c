/* Who is where, from what hosts ranks are on; and the moves that follow from it. */

#include "comm/nodes.h"

#include "tally/comm.h"

#include "comm/move.h"
#include "support/expect.h"

#include <string.h>

/* Each letter is the host of a rank, of 16 at most. */
static tally_nodes *nodes_of(const char *shape)
{
    tally_nodes *t;
    int hosts[16], size = (int)strlen(shape);

    for (int r = 0; r < size; r++)
        hosts[r] = shape[r];
    expect_ok(tally_nodes_open(&t, hosts, size));
    return t;
}

Test(nodes, ranks_find_their_places)
{
    tally_nodes *t = nodes_of("737339");

    cr_assert(eq(int, t->count, 3));
    cr_assert(eq(int, t->least, 1));
    cr_assert(eq(int, t->most, 3));
    cr_assert(eq(int, t->node[4], 1));
    cr_assert(eq(int, t->place[4], 2));
    cr_assert(eq(int, tally_nodes_width(t, 0), 2));
    cr_assert(eq(int, tally_nodes_rank(t, 1, 1), 3));
    cr_assert(eq(int, tally_nodes_rank(t, 2, 0), 5));
    tally_nodes_close(t);
}

static tally_status explore(tally_comm *c, void *context)
{
    (void)context;
    TALLY_TRY(tally_comm_explore(c));
    TALLY_TRY(tally_comm_explore(c)); /* known by now */
    if (c->topology->count == 3 && c->topology->least == 1 &&
        c->topology->node[c->rank] == c->rank / 2)
        return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "rank %d is elsewhere", c->rank);
}

Test(nodes, a_comm_learns_who_is_where)
{
    expect_ok(tally_launch("sim:ranks=5,node=2", explore, NULL));
}

/* Each sends so many bytes as its rank + 1 to all others; nodes of 2, 2 and 1. */
static tally_status send_to_all(tally_comm *c, void *context)
{
    uint64_t sent[3][TALLY_LINKS] = {{0}}, away = 0, come = 0, near = 0;
    unsigned char out[5] = {0}, in[5][5];
    tally_request r[2] = {{0}};

    (void)context;
    c->meter[TALLY_USER] = (tally_meter){3, sent};
    for (int q = 0; q < c->size; q++) {
        bool apart = q / 2 != c->rank / 2;

        if (q == c->rank) continue;
        if ((tally_comm_link(c, q) == TALLY_AWAY) != apart)
            return TALLY_FAIL(MISMATCH, "rank %d does not know where %d is", c->rank,
                              q);
        away += apart ? (uint64_t)c->rank + 1 : 0;
        near += apart ? 0 : (uint64_t)c->rank + 1;
        come += apart ? (uint64_t)q + 1 : 0;
        TALLY_TRY(tally_irecv(c, q, TALLY_TAG(TALLY_USER, 9), in[q], 5, &r[0]));
        TALLY_TRY(tally_isend(c, q, TALLY_TAG(TALLY_USER, 9), out, (size_t)c->rank + 1,
                              &r[1]));
        TALLY_TRY(tally_wait(c, &r[0], NULL));
        TALLY_TRY(tally_wait(c, &r[1], NULL));
    }
    const tally_traffic *t = &c->traffic[TALLY_USER];
    c->meter[TALLY_USER] = (tally_meter){0};
    if (t->sent_away == away && t->received_away == come &&
        t->bytes_sent == near + away && sent[1][TALLY_NEAR] == near &&
        sent[1][TALLY_AWAY] == away && !sent[0][TALLY_AWAY] && !sent[2][TALLY_AWAY])
        return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "rank %d counts its links wrongly", c->rank);
}

Test(nodes, bytes_are_counted_by_link)
{
    expect_ok(tally_launch("sim:ranks=5,node=2", send_to_all, NULL));
}

static void expect_matching(const tally_nodes *t, int size, size_t n)
{
    tally_move mine, theirs;

    for (int phase = 0; tally_hier_move(t, 0, n, phase, &mine); phase++)
        for (int rank = 0; rank < size; rank++) {
            cr_assert(tally_hier_move(t, rank, n, phase, &mine));
            if (mine.send.count == 0) continue;
            cr_assert(tally_hier_move(t, mine.to, n, phase, &theirs));
            cr_assert(eq(int, theirs.from, rank));
            cr_assert(eq(sz, theirs.receive.first, mine.send.first));
            cr_assert(eq(sz, theirs.receive.count, mine.send.count));
        }
}

enum { LONG = 4 * TALLY_HALVING_SHARE / sizeof(tally_real) + 5 }; /* 4 nodes: a ring */

/* What rank r holds of a value: the set of ranks whose share is in it. */
static void expect_sums(const tally_nodes *t, int size, size_t n)
{
    static uint16_t held[16][LONG], before[16][LONG];
    tally_move m;

    for (int r = 0; r < size; r++)
        for (size_t i = 0; i < n; i++)
            held[r][i] = (uint16_t)(1u << r);
    for (int phase = 0; tally_hier_move(t, 0, n, phase, &m); phase++) {
        memcpy(before, held, sizeof held);
        for (int r = 0; r < size; r++) {
            tally_hier_move(t, r, n, phase, &m);
            const uint16_t *sent = before[m.receive.count ? m.from : r];
            size_t end = m.receive.first + m.receive.count;

            for (size_t i = m.receive.first; i < end; i++) {
                if (m.add && held[r][i] & sent[i])
                    cr_fatal("rank %d adds a share of value %zu twice", r, i);
                held[r][i] = m.add ? held[r][i] | sent[i] : sent[i];
            }
        }
    }
    for (int r = 0; r < size; r++)
        for (size_t i = 0; i < n; i++)
            if (held[r][i] != (1u << size) - 1)
                cr_fatal("rank %d has the shares %x of value %zu", r, held[r][i], i);
}

static const char *const shapes[] = {"0011",    "0101",     "0001",
                                     "011122",  "001122",   "000111222333",
                                     "5454335", "01234012", NULL};

Test(nodes, moves_match_and_sum_each_rank_once)
{
    for (size_t k = 0; shapes[k]; k++) {
        int size = (int)strlen(shapes[k]);
        tally_nodes *t = nodes_of(shapes[k]);

        expect_matching(t, size, 3);
        expect_matching(t, size, 2000003);
        expect_sums(t, size, 1);
        expect_sums(t, size, 64);
        expect_sums(t, size, LONG);
        tally_nodes_close(t);
    }
}

/* A move that runs ahead of earlier ones touches nothing that they receive. */
Test(nodes, moves_ahead_are_apart)
{
    for (size_t k = 0; shapes[k]; k++) {
        tally_nodes *t = nodes_of(shapes[k]);
        tally_move m, earlier;

        for (int p = 0; tally_hier_move(t, 1, 2000003, p, &m); p++)
            for (int back = 1; back <= m.ahead && back <= p; back++) {
                tally_hier_move(t, 1, 2000003, p - back, &earlier);
                size_t end = earlier.receive.first + earlier.receive.count;
                cr_assert(m.send.count == 0 || earlier.receive.count == 0 ||
                              m.send.first >= end ||
                              m.send.first + m.send.count <= earlier.receive.first,
                          "shape %zu, move %d sends what move %d receives", k, p,
                          p - back);
            }
        tally_nodes_close(t);
    }
}

/* By hand, of 12 values: 2 nodes of 2.  Inside, half of v leaves; across, the slice of
 * 6 in two blocks of 3, twice; inside, half again.  With 3 and 1, the tree of three
 * ranks and 12 values twice across: rank 0 sends 12 across, and 12 down to ranks 1
 * and 2. */
static size_t values_sent(const tally_nodes *t, int rank)
{
    size_t values = 0;
    tally_move m;

    for (int p = 0; tally_hier_move(t, rank, 12, p, &m); p++)
        values += m.send.count;
    return values;
}

Test(nodes, bytes_are_those_of_the_head)
{
    tally_nodes *even = nodes_of("0011"), *odd = nodes_of("0001");

    for (int r = 0; r < 4; r++)
        cr_assert(eq(sz, values_sent(even, r), 6 + 6 + 6));
    cr_assert(eq(sz, values_sent(odd, 0), 12 + 24));
    cr_assert(eq(sz, values_sent(odd, 1), 12));
    cr_assert(eq(sz, values_sent(odd, 2), 12));
    cr_assert(eq(sz, values_sent(odd, 3), 12));
    tally_nodes_close(even);
    tally_nodes_close(odd);
}

/* The virtual clock against times worked out by hand. */

#include "tally/collective.h"

#include "support/expect.h"

#include <math.h>

enum { TAG = 5 };

static tally_status send(tally_comm *c, int to, size_t bytes)
{
    static const char nothing[64];
    tally_request r = {0};

    TALLY_TRY(tally_isend(c, to, TAG, nothing, bytes, &r));
    TALLY_TRY(tally_wait(c, &r, NULL));
    return TALLY_OK;
}

static tally_status receive(tally_comm *c, int from, int *peer)
{
    char space[64];
    tally_request r = {0};
    tally_note note;

    TALLY_TRY(tally_irecv(c, from, TAG, space, sizeof space, &r));
    TALLY_TRY(tally_wait(c, &r, &note));
    if (peer) *peer = note.peer;
    return TALLY_OK;
}

/* ---- links ---- */

static tally_status one_after_the_other(tally_comm *c, void *context)
{
    double *times = context;

    if (c->rank == 0) {
        TALLY_TRY(send(c, 1, 4));
        TALLY_TRY(send(c, 1, 2));
        times[0] = tally_now(c);
        return TALLY_OK;
    }
    TALLY_TRY(receive(c, 0, NULL));
    times[1] = tally_now(c);
    TALLY_TRY(receive(c, 0, NULL));
    times[2] = tally_now(c);
    return TALLY_OK;
}

/* alpha 1, beta 1/2.  The first leaves at 0..2 and arrives at 0 + 1 + 2 = 3.  The
 * second leaves at 2..3; it would come in from 3 on, when the way in is free: 3 + 1
 * = 4.  Sends are buffered, so the sender's clock stays at 0. */
Test(sim, a_message_occupies_both_links)
{
    double times[3];

    expect_ok(tally_launch("sim:ranks=2,alpha=1,beta=0.5", one_after_the_other, times));
    cr_assert(eq(dbl, times[0], 0.0));
    cr_assert(eq(dbl, times[1], 3.0));
    cr_assert(eq(dbl, times[2], 4.0));
}

typedef struct hearing {
    int peer[12];
    double time[12];
} hearing;

/* Rank 0 hears all others, who start after `rank`-dependent work. */
static tally_status hear_all(tally_comm *c, void *context)
{
    hearing *h = context;

    if (c->rank > 0) {
        tally_spend(c, 0.5 * (c->rank * 5 % 7));
        return send(c, 0, 4);
    }
    for (int k = 0; k < c->size - 1; k++) {
        TALLY_TRY(receive(c, TALLY_ANY, &h->peer[k]));
        h->time[k] = tally_now(c);
    }
    return TALLY_OK;
}

/* Ranks 1, 2, 3 work for 2.5, 1.5 and 0.5: rank 3's message comes first, at 0.5 + 1 +
 * 2; then the way in of rank 0 is the bottleneck: 2 more for each. */
Test(sim, any_source_hears_in_order_of_arrival_and_hot_spots_queue)
{
    hearing h;

    expect_ok(tally_launch("sim:ranks=4,alpha=1,beta=0.5", hear_all, &h));
    for (int k = 0; k < 3; k++) {
        cr_assert(eq(int, h.peer[k], 3 - k));
        cr_assert(eq(dbl, h.time[k], 3.5 + 2 * k));
    }
}

Test(sim, every_run_is_the_same)
{
    hearing first = {{0}}, second = {{0}};

    expect_ok(tally_launch("sim:ranks=13", hear_all, &first));
    expect_ok(tally_launch("sim:ranks=13", hear_all, &second));
    cr_assert(memcmp(&first, &second, sizeof first) == 0);
}

static tally_status near_then_far(tally_comm *c, void *context)
{
    double *times = context;

    if (c->rank == 0) {
        TALLY_TRY(send(c, 1, 4));
        TALLY_TRY(send(c, 2, 4));
        TALLY_TRY(send(c, 0, 4));
    }
    if (c->rank < 3) TALLY_TRY(receive(c, 0, NULL));
    times[c->rank] = tally_now(c);
    cr_assert(eq(int, c->node_size, 2));
    cr_assert(eq(int, c->node_rank, c->rank % 2));
    return TALLY_OK;
}

/* Inside the node 1/4 + 4/8 = 0.75, and the way out is busy until 0.5; between nodes
 * 0.5 + 1 + 4/2 = 3.5; to oneself nothing. */
Test(sim, links_inside_and_between_nodes_differ)
{
    double times[4];

    expect_ok(tally_launch("sim:ranks=4,node=2,alpha=1,beta=0.5,alpha_node=0.25,"
                           "beta_node=0.125",
                           near_then_far, times));
    cr_assert(eq(dbl, times[0], 0.0));
    cr_assert(eq(dbl, times[1], 0.75));
    cr_assert(eq(dbl, times[2], 3.5));
    cr_assert(eq(dbl, times[3], 0.0));
}

/* ---- rendezvous ---- */

static tally_status receiver_is_late(tally_comm *c, void *context)
{
    double *times = context;

    if (c->rank == 0) {
        TALLY_TRY(send(c, 1, 4));
    } else {
        tally_spend(c, 5);
        TALLY_TRY(receive(c, 0, NULL));
    }
    times[c->rank] = tally_now(c);
    return TALLY_OK;
}

/* They meet at 5: the last byte leaves at 5 + 2 and arrives at 5 + 1 + 2. */
Test(sim, rendezvous_starts_when_both_are_there)
{
    double times[2];

    expect_ok(tally_launch("sim:ranks=2,alpha=1,beta=0.5,rendezvous=true",
                           receiver_is_late, times));
    cr_assert(eq(dbl, times[0], 7.0));
    cr_assert(eq(dbl, times[1], 8.0));
}

static tally_status both_send_first(tally_comm *c, void *context)
{
    (void)context;
    TALLY_TRY(send(c, 1 - c->rank, 4));
    TALLY_TRY(receive(c, 1 - c->rank, NULL));
    return TALLY_OK;
}

Test(sim, rendezvous_finds_a_cycle_of_sends_that_buffers_hide)
{
    expect_ok(tally_launch("sim:ranks=2", both_send_first, NULL));
    expect_fail(tally_launch("sim:ranks=2,rendezvous=true", both_send_first, NULL),
                DEADLOCK,
                "rank 0 waits to send to rank 1 (tag 5), rank 1 waits to send to rank "
                "0 (tag 5)");
}

static tally_status send_is_abandoned(tally_comm *c, void *context)
{
    char value = 1, got = 0;
    tally_request r = {0};

    (void)context;
    if (c->rank == 0) {
        TALLY_TRY(tally_isend(c, 1, TAG, &value, 1, &r));
        tally_abandon(c, &r);
        value = 2;
        TALLY_TRY(tally_isend(c, 1, TAG, &value, 1, &r));
    } else {
        tally_spend(c, 1);
        TALLY_TRY(tally_irecv(c, 0, TAG, &got, 1, &r));
    }
    TALLY_TRY(tally_wait(c, &r, NULL));
    cr_assert(c->rank == 0 || got == 2);
    return TALLY_OK;
}

Test(sim, an_abandoned_rendezvous_never_meets)
{
    expect_ok(tally_launch("sim:ranks=2,rendezvous=true", send_is_abandoned, NULL));
}

/* ---- deadlines and tests ---- */

static tally_status deadline_first(tally_comm *c, void *context)
{
    char got;
    tally_request r = {0}, *const all[] = {&r};
    int which;

    (void)context;
    if (c->rank == 0) return send(c, 1, 4);
    TALLY_TRY(tally_irecv(c, 0, TAG, &got, 1, &r));
    TALLY_TRY(tally_wait_some(c, all, 1, 2.5, &which, NULL));
    cr_assert(eq(int, which, -1));
    cr_assert(eq(dbl, tally_now(c), 2.5));
    tally_abandon(c, &r);
    return TALLY_OK;
}

Test(sim, a_wait_ends_exactly_at_its_deadline)
{
    expect_ok(tally_launch("sim:ranks=2,alpha=1,beta=0.5", deadline_first, NULL));
}

static tally_status earliest_of_two(tally_comm *c, void *context)
{
    char got[2][8];
    tally_request r[2] = {{0}}, *const all[] = {&r[0], &r[1]};
    int which;

    (void)context;
    if (c->rank > 0) {
        tally_spend(c, c->rank == 1 ? 2 : 1);
        return send(c, 0, 1);
    }
    for (int k = 0; k < 2; k++)
        TALLY_TRY(tally_irecv(c, k + 1, TAG, got[k], 8, &r[k]));
    TALLY_TRY(tally_wait_some(c, all, 2, (double)INFINITY, &which, NULL));
    cr_assert(eq(int, which, 1));
    cr_assert(eq(dbl, tally_now(c), 2.0));
    TALLY_TRY(tally_wait_some(c, all, 2, (double)INFINITY, &which, NULL));
    cr_assert(eq(int, which, 0));
    cr_assert(eq(dbl, tally_now(c), 3.0));
    return TALLY_OK;
}

Test(sim, a_wait_for_several_ends_with_the_earliest)
{
    expect_ok(tally_launch("sim:ranks=3,alpha=1,beta=0", earliest_of_two, NULL));
}

static tally_status loop_of_tests(tally_comm *c, void *context)
{
    char got;
    tally_request r = {0};
    bool done;

    (void)context;
    if (c->rank == 1) {
        tally_spend(c, 1e-3);
        return send(c, 0, 1);
    }
    TALLY_TRY(tally_irecv(c, 1, TAG, &got, 1, &r));
    do
        TALLY_TRY(tally_test(c, &r, &done, NULL));
    while (!done);
    /* In steps of a microsecond from 0 to the arrival at 2 ms. */
    cr_assert(tally_now(c) >= 2e-3 && tally_now(c) < 2e-3 + 2e-6);
    return TALLY_OK;
}

Test(sim, a_loop_of_tests_makes_time_pass)
{
    expect_ok(tally_launch("sim:ranks=2,alpha=1e-3,beta=0", loop_of_tests, NULL));
}

/* ---- deadlocks ---- */

static tally_status all_wait_for_the_next(tally_comm *c, void *context)
{
    int *statuses = context;
    tally_status status = receive(c, (c->rank + 1) % c->size, NULL);

    if (statuses) statuses[c->rank] = (int)status;
    return status;
}

Test(sim, a_deadlock_says_who_waits_for_whom)
{
    int statuses[3];

    expect_fail(tally_launch("sim:ranks=3", all_wait_for_the_next, statuses), DEADLOCK,
                "rank 0 waits to receive from rank 1 (tag 5), "
                "rank 1 waits to receive from rank 2 (tag 5), "
                "rank 2 waits to receive from rank 0 (tag 5)");
    for (int r = 0; r < 3; r++)
        cr_assert(eq(int, statuses[r], (int)TALLY_DEADLOCK));
}

Test(sim, a_report_of_many_is_cut)
{
    expect_fail(tally_launch("sim:ranks=200", all_wait_for_the_next, NULL), DEADLOCK,
                " more wait");
    cr_assert(strstr(tally_error_sentence(), "rank 9 waits") != NULL);
}

static tally_status some_leave(tally_comm *c, void *context)
{
    (void)context;
    if (c->rank == 0) return TALLY_OK;
    return receive(c, c->rank == 1 ? 0 : TALLY_ANY, NULL);
}

Test(sim, a_rank_that_has_ended_is_named)
{
    expect_fail(tally_launch("sim:ranks=3", some_leave, NULL), DEADLOCK,
                "rank 1 waits to receive from rank 0 (tag 5), which has ended, "
                "rank 2 waits to receive from any rank (tag 5)");
}

static tally_status sub_deadlock(tally_comm *c, void *context)
{
    tally_comm *sub;

    (void)context;
    TALLY_TRY(tally_comm_split(c, c->rank % 2, 0, &sub));
    tally_status status = receive(sub, (sub->rank + 1) % sub->size, NULL);
    tally_comm_close(sub);
    return status;
}

Test(sim, a_report_names_ranks_of_the_world)
{
    expect_fail(tally_launch("sim:ranks=4", sub_deadlock, NULL), DEADLOCK,
                "rank 1 waits to receive from rank 3 (tag 5)");
}

/* ---- failures ---- */

static tally_status rank_two_fails(tally_comm *c, void *context)
{
    int *statuses = context;
    tally_status status;

    if (c->rank == 2)
        status = TALLY_FAIL(FILE, "cannot open x");
    else
        status = tally_barrier(c);
    statuses[c->rank] = (int)status;
    if (c->rank == 0)
        cr_assert(
            eq(str, tally_error_sentence(), "rank 2 failed first: cannot open x"));
    return status;
}

Test(sim, one_failure_ends_all_and_its_sentence_is_the_caller_s)
{
    int statuses[4];

    expect_fail(tally_launch("sim:ranks=4", rank_two_fails, statuses), FILE, "x");
    cr_assert(eq(str, tally_error_sentence(), "cannot open x"));
    cr_assert(strstr(tally_error_trace(), "rank_two_fails") != NULL);
    cr_assert(not(tally_error_agreed()));
    for (int r = 0; r < 4; r++)
        cr_assert(eq(int, statuses[r], (int)(r == 2 ? TALLY_FILE : TALLY_ABORTED)));
}

static tally_status rank_two_tells(tally_comm *c, void *context)
{
    tally_status status = TALLY_OK;

    (void)context;
    if (c->rank == 2) status = TALLY_FAIL(FILE, "cannot open x");
    return tally_agree(c, status);
}

Test(sim, an_agreed_failure_stays_agreed)
{
    expect_fail(tally_launch("sim:ranks=4", rank_two_tells, NULL), FILE, "x");
    cr_assert(eq(str, tally_error_sentence(), "rank 2: cannot open x"));
    cr_assert(tally_error_agreed());
}

static tally_status rank_one_aborts(tally_comm *c, void *context)
{
    int *statuses = context;

    if (c->rank == 1) {
        tally_spend(c, 1);
        tally_abort(c, 7);
        return TALLY_OK;
    }
    statuses[c->rank] = (int)tally_barrier(c);
    return TALLY_OK;
}

Test(sim, an_abort_ends_all_ranks)
{
    int statuses[3] = {0};

    expect_fail(tally_launch("sim:ranks=3", rank_one_aborts, statuses), ABORTED,
                "rank 1 aborted: code 7");
    cr_assert(eq(int, statuses[0], (int)TALLY_ABORTED));
    cr_assert(eq(int, statuses[2], (int)TALLY_ABORTED));
}

/* A rank that fails in the middle of everything leaves nothing behind (the leak checker
 * judges), and no other rank hangs. */
static tally_status fails_amid_sums(tally_comm *c, void *context)
{
    tally_real v[64] = {0};
    tally_sum s;
    tally_status status;

    (void)context;
    TALLY_TRY(tally_sum_open(&s, c, TALLY_USER, 1, TALLY_SUM_RING, 64));
    status = tally_sum_start(&s, v, 64);
    if (c->rank == 3 && !status) status = TALLY_FAIL(DIVERGED, "not finite");
    if (!status) status = tally_sum_wait(&s);
    tally_sum_close(&s);
    return status;
}

Test(sim, a_failure_amid_a_sum_is_clean)
{
    expect_fail(tally_launch("sim:ranks=5", fails_amid_sums, NULL), DIVERGED, "finite");
    expect_fail(tally_launch("sim:ranks=5,rendezvous=true", fails_amid_sums, NULL),
                DIVERGED, "finite");
}

/* ---- many ---- */

static tally_status many(tally_comm *c, void *context)
{
    double *times = context;

    TALLY_TRY(tally_barrier(c));
    times[c->rank] = tally_now(c);
    return TALLY_OK;
}

/* Dissemination: log2 256 = 8 rounds of one alpha each, for everybody. */
Test(sim, a_barrier_of_256_takes_8_rounds)
{
    double times[256];

    expect_ok(tally_launch("sim:ranks=256,alpha=1,beta=0", many, times));
    for (int r = 0; r < 256; r++)
        cr_assert(eq(dbl, times[r], 8.0));
}

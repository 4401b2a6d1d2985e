/* The calls that all members share, over a comm of our own: self with a slow network.
 */

#include "comm/comm.h"

#include "support/expect.h"

#include <math.h>

static double clock_now;       /* of the slow comm */
static double comes_at = 10.0; /* when its messages come */

static double slow_now(tally_comm *c)
{
    (void)c;
    return clock_now;
}

static tally_status slow_wait(tally_comm *c, tally_request *const *r, size_t n,
                              double deadline, int *which, tally_note *note)
{
    (void)c;
    (void)n;
    clock_now = fmin(deadline, comes_at);
    *which = clock_now < comes_at ? -1 : 0;
    *note = (tally_note){r[0]->peer, r[0]->tag, 1};
    return TALLY_OK;
}

static tally_comm_ops slow;
static double told[8];
static int told_count;

static void stalled(void *context, tally_comm *c, int peer, int tag, double seconds)
{
    (void)c;
    cr_assert(context == told);
    cr_assert(eq(int, peer, 0));
    cr_assert(eq(int, tag, 77));
    told[told_count++] = seconds;
}

/* A comm and a receive that is under way. */
static tally_comm slow_comm(double patience)
{
    slow = tally_comm_self;
    slow.wait_some = slow_wait;
    slow.now = slow_now;
    return (tally_comm){.ops = &slow,
                        .size = 1,
                        .stalled = stalled,
                        .stalled_context = told,
                        .patience = patience};
}

static tally_request receive(void)
{
    return (tally_request){.active = true, .is_receive = true, .peer = 0, .tag = 77};
}

Test(comm, long_waits_are_reported_each_time_they_double)
{
    tally_comm c = slow_comm(1);
    tally_request r = receive();

    expect_ok(tally_wait(&c, &r, NULL));
    cr_assert(eq(int, told_count, 4));
    cr_assert(eq(dbl, told[0], 1.0));
    cr_assert(eq(dbl, told[1], 2.0));
    cr_assert(eq(dbl, told[2], 4.0));
    cr_assert(eq(dbl, told[3], 8.0));
    cr_assert(not(r.active));
}

Test(comm, reports_leave_the_deadline_alone)
{
    tally_comm c = slow_comm(1);
    tally_request r = receive(), *const all[] = {&r};
    int which;

    expect_ok(tally_wait_some(&c, all, 1, 3.5, &which, NULL));
    cr_assert(eq(int, which, -1));
    cr_assert(eq(dbl, clock_now, 3.5));
    cr_assert(eq(int, told_count, 2));
    cr_assert(r.active);
}

Test(comm, without_patience_nothing_is_reported)
{
    tally_comm never = slow_comm(0), forever = slow_comm(INFINITY);
    tally_request r = receive();

    expect_ok(tally_wait(&never, &r, NULL));
    r = receive();
    expect_ok(tally_wait(&forever, &r, NULL));
    cr_assert(eq(int, told_count, 0));
}

static tally_comm_ops ours; /* a table registered at run time */

static tally_status count(tally_comm *c, void *context)
{
    cr_assert(c->ops == &ours);
    ++*(int *)context;
    return TALLY_OK;
}

static tally_status our_launch(const void *options, tally_body body, void *context)
{
    tally_comm c = {.ops = &ours, .options = options, .size = 1};

    return body(&c, context);
}

Test(comm, registered_comms_can_be_launched)
{
    int runs = 0;

    ours = tally_comm_self;
    ours.about.name = "ours";
    ours.launch = our_launch;
    expect_ok(tally_register_comm(&ours));
    expect_ok(tally_launch("ours", count, &runs));
    cr_assert(eq(int, runs, 1));
    expect_fail(tally_register_comm(&ours), OPTION, "comm ours is already there");
}

Test(comm, wrong_specs_are_refused)
{
    expect_fail(tally_launch("simm", count, NULL), OPTION, "did you mean sim?");
    expect_fail(tally_launch("sim:ranks=0", count, NULL), OPTION,
                "comm sim: ranks=0 is not in [1, 4096]");
    expect_fail(tally_launch("self:ranks=2", count, NULL), OPTION, "no option ranks");
}

Test(comm, a_build_without_mpi_says_so)
{
    const tally_about *about;

    if (!tally_family_find(&tally_comm_family, "mpi", &about))
        cr_skip_test("this build has MPI");
    expect_fail(tally_launch("mpi", count, NULL), UNSUPPORTED, "has no MPI");
    expect_fail(tally_launch("mpi:native=blocking", count, NULL), UNSUPPORTED, "MPI");
}

Test(comm, close_functions_accept_zeroed_things)
{
    tally_sum sum = {.n = 0};
    tally_gather gather = {.record = 0};
    tally_sharded sharded = {.units = 0};

    tally_sum_close(&sum);
    tally_gather_close(&gather);
    tally_sharded_close(&sharded);
    tally_comm_close(NULL);
    tally_unshare(NULL, NULL);
}

/* ---- clocks that are hours apart ---- */

static tally_comm_ops apart;

static double apart_now(tally_comm *c)
{
    return tally_comm_sim.now(c) + 3600.0 * c->rank;
}

static tally_status compare_clocks(tally_comm *c, void *context)
{
    const double *error = context;

    c->ops = &apart;
    expect_ok(tally_comm_set_clock(c));
    double off = tally_common_now(c) - tally_comm_sim.now(c);
    cr_assert(fabs(off) <= *error, "rank %d is off by %g s", c->rank, off);
    if (c->rank > 0) cr_assert(c->ahead > 3599.0 * c->rank);
    /* Half of a round trip a hop, of which rank 5 = 4 + 1 is two away. */
    double hops = __builtin_popcount((unsigned)c->rank), way = 1e-3 + 16 * 1e-6;
    cr_assert(fabs(c->ahead_error - hops * way) < 1e-9);
    return TALLY_OK;
}

/* Links are the same both ways: off by the last digits of hours. */
Test(comm, clocks_that_are_hours_apart_are_made_one)
{
    double error = 1e-10;

    apart = tally_comm_sim;
    apart.spend = NULL;
    apart.now = apart_now;
    expect_ok(tally_launch("sim:ranks=7,alpha=1e-3,beta=1e-6", compare_clocks, &error));
}

static tally_status wait_for_a_late_rank(tally_comm *c, void *context)
{
    tally_gather g;
    double number = c->rank;

    (void)context;
    expect_ok(tally_gather_open(&g, c, TALLY_USER, 0, sizeof number));
    double before = tally_blocked(c);
    if (c->rank == 1) tally_spend(c, 0.5);
    expect_ok(tally_gather_start(&g, &number));
    tally_spend(c, 0.125); /* work that hides as much of the waiting */
    expect_ok(tally_gather_wait(&g));
    double blocked = tally_blocked(c) - before, wanted = c->rank == 1 ? 0 : 0.375;
    cr_assert(epsilon_eq(dbl, blocked, wanted, 1e-9), "rank %d: %g", c->rank, blocked);
    tally_gather_close(&g);
    return TALLY_OK;
}

Test(comm, blocked_is_what_a_wait_spends_without_work)
{
    expect_ok(tally_launch("sim:ranks=2,alpha=0,beta=0", wait_for_a_late_rank, NULL));
}

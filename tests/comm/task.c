#include "tally/collective.h"

#include "support/expect.h"

#include <string.h>

/* A number goes once around all ranks, each adds its own: a collective of a user's. */
typedef struct lap {
    tally_task task;
    tally_request requests[2]; /* from the left, to the right */
    int tag;
    bool sent;
    int sum;
} lap;

static tally_status pass_on(lap *l)
{
    tally_comm *c = l->task.comm;

    l->sent = true;
    l->sum += c->rank;
    return tally_isend(c, (c->rank + 1) % c->size, l->tag, &l->sum, sizeof l->sum,
                       &l->requests[1]);
}

static tally_status advance(tally_task *t)
{
    lap *l = (lap *)t;

    for (size_t i = 0; i < 2; i++) {
        bool done;

        if (l->requests[i].active)
            TALLY_TRY(tally_test(t->comm, &l->requests[i], &done, NULL));
    }
    if (l->requests[0].active && t->comm->rank > 0) return TALLY_OK;
    if (!l->sent) TALLY_TRY(pass_on(l));
    t->done = !l->requests[0].active && !l->requests[1].active;
    return TALLY_OK;
}

/* Rank 0 begins, and receives the sum into its own number at the end. */
static tally_status start(lap *l, tally_comm *c, int number, int *home)
{
    *l = (lap){.tag = TALLY_TAG(TALLY_USER, number)};
    l->task = (tally_task){
        .comm = c, .advance = advance, .requests = l->requests, .request_count = 2};
    TALLY_TRY(tally_irecv(c, (c->rank + c->size - 1) % c->size, l->tag,
                          c->rank ? &l->sum : home, sizeof *home, &l->requests[0]));
    return tally_task_start(&l->task);
}

/* Waiting for the last of them moves the others as well: rank 0 waits for the first. */
static tally_status run_laps(tally_comm *c, void *context)
{
    enum { LAPS = 5 };

    lap laps[LAPS];
    int homes[LAPS] = {0}, want = c->size * (c->size - 1) / 2;

    (void)context;
    for (int k = 0; k < LAPS; k++)
        TALLY_TRY(start(&laps[k], c, k, &homes[k]));
    TALLY_TRY(tally_poll(c));
    for (int k = 0; k < LAPS; k++)
        TALLY_TRY(tally_task_wait(&laps[c->rank ? LAPS - 1 - k : k].task));
    for (int k = 0; k < LAPS && c->rank == 0; k++)
        if (homes[k] != want)
            return TALLY_FAIL(MISMATCH, "lap %d brings %d, expected %d", k, homes[k],
                              want);
    return c->tasks ? TALLY_FAIL(MISMATCH, "a task is on the list still") : TALLY_OK;
}

/* The time between two looks is counted when both find a task under way: 2 s of 5. */
static tally_status count_busy_time(tally_comm *c, void *context)
{
    lap l;
    int home = 0, next = (c->rank + 1) % c->size;
    tally_request r = {0};

    (void)context;
    tally_spend(c, 1);
    double before = tally_busy(c);
    if (c->rank == 1) { /* lets rank 0 wait until it has polled */
        TALLY_TRY(tally_irecv(c, next, TALLY_TAG(TALLY_USER, 9), &home, 4, &r));
        TALLY_TRY(tally_wait(c, &r, NULL));
    }
    TALLY_TRY(start(&l, c, 0, &home));
    tally_spend(c, 2);
    TALLY_TRY(tally_poll(c));
    if (c->rank == 0) {
        double seen = tally_busy(c) - before;

        if (!(seen > 1.999 && seen < 2.001))
            return TALLY_FAIL(MISMATCH, "busy for %g s, expected 2", seen);
        TALLY_TRY(tally_isend(c, next, TALLY_TAG(TALLY_USER, 9), &next, 4, &r));
        TALLY_TRY(tally_wait(c, &r, NULL));
    }
    tally_spend(c, 2);
    TALLY_TRY(tally_task_wait(&l.task));
    return tally_barrier(c);
}

Test(task, time_under_way_is_counted)
{
    expect_ok(tally_launch("sim:ranks=2", count_busy_time, NULL));
}

Test(task, a_program_writes_its_own_collectives)
{
    static const char *const comms[] = {"self", "sim:ranks=2", "sim:ranks=7",
                                        "sim:ranks=7,rendezvous=true"};

    for (size_t k = 0; k < 4; k++)
        expect_ok(tally_launch(comms[k], run_laps, NULL));
}

static tally_status fail(tally_task *t)
{
    (void)t;
    return TALLY_FAIL(NETWORK, "the wire is cut");
}

static tally_status start_failing(tally_comm *c, void *context)
{
    tally_task task = {.comm = c, .advance = fail};

    (void)context;
    return tally_task_start(&task);
}

Test(task, what_fails_to_advance_fails_to_start)
{
    expect_fail(tally_launch("self", start_failing, NULL), NETWORK, "the wire is cut");
}

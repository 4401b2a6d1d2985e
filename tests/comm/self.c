#include "tally/comm.h"

#include "support/expect.h"

#include <math.h>

static tally_status waits_for_nothing(tally_comm *c, void *context)
{
    tally_request r = {0};
    int value;

    (void)context;
    TALLY_TRY(tally_irecv(c, 0, 5, &value, sizeof value, &r));
    TALLY_TRY(tally_wait(c, &r, NULL));
    return TALLY_OK;
}

Test(self, a_wait_for_nothing_is_a_deadlock_at_once)
{
    expect_fail(tally_launch("self", waits_for_nothing, NULL), DEADLOCK,
                "rank 0 waits to receive from itself (tag 5)");
}

static tally_status aborts(tally_comm *c, void *context)
{
    tally_request r = {0};
    bool *told = context, done;

    tally_abort(c, 3);
    *told = tally_isend(c, 0, 5, told, 1, &r) == TALLY_ABORTED &&
            tally_irecv(c, 0, 5, told, 1, &r) == TALLY_ABORTED && !r.active;
    r = (tally_request){.active = true};
    *told = *told && tally_test(c, &r, &done, NULL) == TALLY_ABORTED &&
            tally_wait(c, &r, NULL) == TALLY_ABORTED;
    return TALLY_OK;
}

Test(self, nothing_goes_on_after_an_abort)
{
    bool told = false;

    expect_fail(tally_launch("self", aborts, &told), ABORTED, "aborted");
    cr_assert(told);
}

static tally_status leaves_letters(tally_comm *c, void *context)
{
    static int value;
    tally_request r[3] = {{0}};

    (void)context;
    TALLY_TRY(tally_isend(c, 0, 5, &value, sizeof value, &r[0]));
    TALLY_TRY(tally_irecv(c, 0, 6, &value, sizeof value, &r[1]));
    TALLY_TRY(tally_isend(c, 0, 6, &value, sizeof value, &r[2]));
    tally_spend(c, 1.0);
    return TALLY_OK;
}

/* The leak checker of the dev preset is the judge. */
Test(self, messages_nobody_asks_for_are_freed)
{
    expect_ok(tally_launch("self", leaves_letters, NULL));
}

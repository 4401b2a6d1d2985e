#include "tally/collective.h"

#include "support/expect.h"

/* Blocks of ceil(10 / 4) = 3: 3, 3, 3, 1; of ceil(2 / 4) = 1: 1, 1, 0, 0. */
Test(sharded, units_are_dealt_in_blocks)
{
    cr_assert(eq(sz, tally_sharded_shard(0, 4, 10).count, 3));
    cr_assert(eq(sz, tally_sharded_shard(2, 4, 10).first, 6));
    cr_assert(eq(sz, tally_sharded_shard(3, 4, 10).first, 9));
    cr_assert(eq(sz, tally_sharded_shard(3, 4, 10).count, 1));
    cr_assert(eq(sz, tally_sharded_shard(1, 4, 2).count, 1));
    cr_assert(eq(sz, tally_sharded_shard(2, 4, 2).count, 0));
    cr_assert(eq(sz, tally_sharded_shard(3, 4, 0).count, 0));
    cr_assert(eq(sz, tally_sharded_shard(0, 1, 7).count, 7));
}

/* Rank 3 of the ten units owns one: nine go out at 5 bytes, one comes back to three
 * others at 2. */
Test(sharded, bytes_count_both_ways)
{
    cr_assert(eq(u64, tally_sharded_bytes(3, 4, 10, 5, 2), 9 * 5 + 3 * 1 * 2));
    cr_assert(eq(u64, tally_sharded_bytes(0, 4, 10, 5, 2), 7 * 5 + 3 * 3 * 2));
    cr_assert(eq(u64, tally_sharded_bytes(0, 1, 10, 5, 2), 0));
}

/* Of the ten units a server owns all; members beyond the owners own none. */
Test(sharded, owners_may_be_fewer_than_members)
{
    tally_group g = tally_group_all(&(tally_comm){.rank = 3, .size = 4});

    cr_assert(eq(u64, tally_sharded_bytes_among(g, 10, 5, 2), 9 * 5 + 3 * 1 * 2));
    g.owners = 1;
    cr_assert(eq(u64, tally_sharded_bytes_among(g, 10, 5, 2), 10 * 5));
    g.me = 0;
    cr_assert(eq(u64, tally_sharded_bytes_among(g, 10, 5, 2), 3 * 10 * 2));
}

static tally_status refuse(void *context, const void *const *ballots, size_t first,
                           size_t units, void *result)
{
    (void)context;
    (void)ballots;
    (void)units;
    (void)result;
    return TALLY_FAIL(DIVERGED, "unit %zu is not finite", first);
}

static tally_status combine_fails(tally_comm *c, void *context)
{
    char units[2] = {0};
    tally_sharded s;

    (void)context;
    TALLY_TRY(tally_sharded_open(&s, c, TALLY_USER, 1, 1, 1, 2, refuse, NULL));
    tally_status status = tally_sharded_start(&s, units, units, 2);
    if (!status) status = tally_sharded_wait(&s);
    tally_sharded_close(&s);
    return status;
}

Test(sharded, a_failing_combine_ends_the_exchange)
{
    expect_fail(tally_launch("self", combine_fails, NULL), DIVERGED, "unit 0");
    expect_fail(tally_launch("sim:ranks=2", combine_fails, NULL), DIVERGED, "unit 0");
}

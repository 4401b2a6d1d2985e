#include "comm/sharded_bytes.h"
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
    cr_assert(
        eq(u64, sharded_bytes((tally_group){.size = 4, .me = 3, .owners = 4}, 10, 5, 2),
           9 * 5 + 3 * 1 * 2));
    cr_assert(
        eq(u64, sharded_bytes((tally_group){.size = 4, .me = 0, .owners = 4}, 10, 5, 2),
           7 * 5 + 3 * 3 * 2));
    cr_assert(
        eq(u64, sharded_bytes((tally_group){.size = 1, .me = 0, .owners = 1}, 10, 5, 2),
           0));
}

/* Of the ten units a server owns all; members beyond the owners own none. */
Test(sharded, owners_may_be_fewer_than_members)
{
    tally_group g = tally_group_all(&(tally_comm){.rank = 3, .size = 4});

    cr_assert(eq(u64, sharded_bytes(g, 10, 5, 2), 9 * 5 + 3 * 1 * 2));
    g.owners = 1;
    cr_assert(eq(u64, sharded_bytes(g, 10, 5, 2), 10 * 5));
    g.me = 0;
    cr_assert(eq(u64, sharded_bytes(g, 10, 5, 2), 3 * 10 * 2));
}

/* ---- message by message ---- */

enum { TOLD_MOST = 16 };

typedef struct told {
    int count, to[TOLD_MOST];
    tally_span about[TOLD_MOST];
    uint64_t bytes[TOLD_MOST];
} told;

static void hear(void *context, int to, tally_span about, uint64_t bytes)
{
    told *all = context;
    int i = all->count++;

    cr_assert(lt(int, i, TOLD_MOST));
    all->to[i] = to;
    all->about[i] = about;
    all->bytes[i] = bytes;
}

static void expect_told(const told *all, int i, int to, size_t first, size_t count,
                        uint64_t bytes)
{
    cr_assert(eq(int, all->to[i], to));
    cr_assert(eq(sz, all->about[i].first, first));
    cr_assert(eq(sz, all->about[i].count, count));
    cr_assert(eq(u64, all->bytes[i], bytes));
}

/* Members 0, 1, 2 are ranks 5, 3, 9; two own 4 and 3 of the 7 units. */
Test(sharded, tells_of_each_message)
{
    static const int ranks[] = {5, 3, 9};
    tally_group g = {.ranks = ranks, .size = 3, .me = 1, .owners = 2};
    told all = {.count = 0};

    tally_sharded_tell(g, 7, 10, 2, hear, &all);
    cr_assert(eq(int, all.count, 3));
    expect_told(&all, 0, 5, 0, 4, 40); /* a ballot */
    expect_told(&all, 1, 5, 4, 3, 6);  /* and verdicts */
    expect_told(&all, 2, 9, 4, 3, 6);
    g.me = 2;
    all.count = 0;
    tally_sharded_tell(g, 7, 10, 2, hear, &all);
    cr_assert(eq(int, all.count, 2));
    expect_told(&all, 1, 3, 4, 3, 30);
}

/* Rank 2 of 5: one record to rank 1, two to rank 0, one to rank 3. */
Test(gather, tells_of_each_round)
{
    told all = {.count = 0};

    tally_gather_tell(&(tally_comm){.rank = 2, .size = 5}, 8, hear, &all);
    cr_assert(eq(int, all.count, 3));
    expect_told(&all, 0, 1, 0, 1, 8);
    expect_told(&all, 1, 0, 0, 2, 16);
    expect_told(&all, 2, 3, 0, 1, 8);
}

/* Rank 1 of 3 sends blocks 1 and 0, sums, then 2 and 1, of 3, 2 and 2 values. */
Test(sum, tells_of_each_move)
{
    told all = {.count = 0};
    size_t r = sizeof(tally_real);

    tally_sum_tell(&(tally_comm){.rank = 1, .size = 3}, TALLY_SUM_RING, 7, hear, &all);
    cr_assert(eq(int, all.count, 4));
    expect_told(&all, 0, 2, 3, 2, 2 * r);
    expect_told(&all, 1, 2, 0, 3, 3 * r);
    expect_told(&all, 2, 2, 5, 2, 2 * r);
    expect_told(&all, 3, 2, 3, 2, 2 * r);
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

/* What a sum takes on comms of every kind. */

#include "comm/comm.h"
#include "support/expect.h"

static tally_status own_sum(tally_comm *c, tally_real *v, size_t n, tally_request *r)
{
    (void)c;
    (void)v;
    (void)n;
    (void)r;
    return TALLY_OK;
}

static tally_comm_ops table;

/* A comm that is not simulated. */
static tally_comm real_comm(int size, int node_size, bool native)
{
    table = tally_comm_self;
    table.isum = native ? own_sum : NULL;
    return (tally_comm){.ops = &table,
                        .size = size,
                        .node_size = node_size,
                        .nodes = (size + node_size - 1) / node_size};
}

static tally_comm simulated_comm(int size)
{
    return (tally_comm){
        .ops = &tally_comm_sim, .size = size, .node_size = size, .nodes = 1};
}

static int resolved(tally_comm c, tally_sum_algorithm algorithm, size_t bytes)
{
    return (int)tally_sum_resolve(&c, algorithm, bytes / sizeof(tally_real));
}

Test(choice, one_node_shares_memory)
{
    cr_assert(
        eq(int, resolved(real_comm(2, 2, true), TALLY_SUM_AUTO, 4096), TALLY_SUM_SHM));
    cr_assert(eq(int, resolved(real_comm(8, 8, false), TALLY_SUM_AUTO, 1 << 25),
                 TALLY_SUM_SHM));
}

Test(choice, several_nodes_go_by_who_shares_one)
{
    tally_comm crowded = real_comm(4, 2, true);

    cr_assert(eq(int, resolved(crowded, TALLY_SUM_AUTO, 4096), TALLY_SUM_TREE));
    cr_assert(eq(int, resolved(crowded, TALLY_SUM_AUTO, 1 << 20), TALLY_SUM_HIER));
    tally_comm apart = real_comm(4, 1, true);
    cr_assert(eq(int, resolved(apart, TALLY_SUM_AUTO, 16384), TALLY_SUM_TREE));
    cr_assert(eq(int, resolved(apart, TALLY_SUM_AUTO, 65536), TALLY_SUM_HALVING));
    cr_assert(eq(int, resolved(apart, TALLY_SUM_AUTO, 65544), TALLY_SUM_RING));
}

Test(choice, the_more_ranks_the_longer_a_ring)
{
    tally_comm many = real_comm(512, 1, true);

    cr_assert(eq(int, resolved(many, TALLY_SUM_AUTO, 8 << 20), TALLY_SUM_HALVING));
    cr_assert(eq(int, resolved(many, TALLY_SUM_AUTO, 9 << 20), TALLY_SUM_RING));
}

Test(choice, a_hierarchy_needs_nodes_and_company)
{
    cr_assert(
        eq(int, resolved(real_comm(4, 2, true), TALLY_SUM_HIER, 8), TALLY_SUM_HIER));
    cr_assert(
        eq(int, resolved(real_comm(4, 3, true), TALLY_SUM_HIER, 8), TALLY_SUM_HIER));
    cr_assert(
        eq(int, resolved(real_comm(4, 1, true), TALLY_SUM_HIER, 8), TALLY_SUM_RING));
    cr_assert(
        eq(int, resolved(real_comm(4, 4, true), TALLY_SUM_HIER, 8), TALLY_SUM_SHM));
    cr_assert(eq(int, resolved(simulated_comm(4), TALLY_SUM_HIER, 8), TALLY_SUM_RING));
}

Test(choice, memory_of_two_nodes_is_not_shared)
{
    cr_assert(
        eq(int, resolved(real_comm(4, 2, true), TALLY_SUM_SHM, 4096), TALLY_SUM_RING));
}

Test(choice, simulated_ranks_go_by_the_table)
{
    tally_comm three = simulated_comm(3), eight = simulated_comm(8);

    cr_assert(eq(int, resolved(three, TALLY_SUM_AUTO, 4096), TALLY_SUM_TREE));
    cr_assert(eq(int, resolved(three, TALLY_SUM_AUTO, 4104), TALLY_SUM_RING));
    cr_assert(eq(int, resolved(eight, TALLY_SUM_AUTO, 16384), TALLY_SUM_HALVING));
    cr_assert(eq(int, resolved(eight, TALLY_SUM_AUTO, 16400), TALLY_SUM_RING));
    cr_assert(eq(int, resolved(simulated_comm(2), TALLY_SUM_AUTO, 8), TALLY_SUM_RING));
}

Test(choice, what_is_not_there_is_a_ring)
{
    cr_assert(eq(int, resolved(simulated_comm(4), TALLY_SUM_SHM, 8), TALLY_SUM_RING));
    cr_assert(
        eq(int, resolved(simulated_comm(4), TALLY_SUM_NATIVE, 8), TALLY_SUM_RING));
    cr_assert(
        eq(int, resolved(real_comm(1, 1, false), TALLY_SUM_SHM, 8), TALLY_SUM_RING));
}

Test(choice, other_algorithms_stay)
{
    tally_comm c = real_comm(4, 4, true);

    cr_assert(eq(int, resolved(c, TALLY_SUM_RING, 8), TALLY_SUM_RING));
    cr_assert(eq(int, resolved(c, TALLY_SUM_HALVING, 8), TALLY_SUM_HALVING));
    cr_assert(eq(int, resolved(c, TALLY_SUM_TREE, 8), TALLY_SUM_TREE));
    cr_assert(eq(int, resolved(c, TALLY_SUM_NATIVE, 8), TALLY_SUM_NATIVE));
}

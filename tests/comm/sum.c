/* Moves match: what a rank sends in a phase, its peer receives. */

#include "tally/collective.h"

#include "comm/move.h"
#include "support/expect.h"

typedef bool (*move)(int rank, int size, size_t n, int phase, tally_move *m);

static void expect_matching(move move_of, int size, size_t n)
{
    tally_move mine, theirs;

    for (int phase = 0; move_of(0, size, n, phase, &mine); phase++)
        for (int rank = 0; rank < size; rank++) {
            cr_assert(move_of(rank, size, n, phase, &mine));
            if (mine.send.count) {
                cr_assert(move_of(mine.to, size, n, phase, &theirs));
                cr_assert(eq(int, theirs.from, rank));
                cr_assert(eq(sz, theirs.receive.first, mine.send.first));
                cr_assert(eq(sz, theirs.receive.count, mine.send.count));
            }
            if (mine.receive.count) {
                cr_assert(move_of(mine.from, size, n, phase, &theirs));
                cr_assert(eq(int, theirs.to, rank));
                cr_assert(eq(sz, theirs.send.count, mine.receive.count));
            }
        }
}

Test(sum, moves_match_at_every_size)
{
    static const size_t lengths[] = {0, 1, 2, 5, 16, 33};

    for (int size = 1; size <= 17; size++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            expect_matching(tally_ring_move, size, lengths[k]);
            expect_matching(tally_halving_move, size, lengths[k]);
            expect_matching(tally_tree_move, size, lengths[k]);
        }
}

Test(sum, scratch_holds_what_is_added)
{
    for (int size = 2; size <= 17; size++)
        for (int rank = 0; rank < size; rank++) {
            tally_move m;

            for (int p = 0; tally_ring_move(rank, size, 33, p, &m); p++)
                cr_assert(m.receive.count <= tally_ring_scratch(size, 33) || !m.add);
            for (int p = 0; tally_halving_move(rank, size, 33, p, &m); p++)
                cr_assert(m.receive.count <= tally_halving_scratch(size, 33) || !m.add);
            for (int p = 0; tally_tree_move(rank, size, 33, p, &m); p++)
                cr_assert(m.receive.count <= tally_tree_scratch(size, 33) || !m.add);
        }
}

/* In values, by hand: the ring sends a block of 2 in each of 6 phases; halving at 4
 * ranks 4 + 2 + 2 + 4.  At 3 ranks the pair (0, 1) folds: rank 0 sends half of 4, swaps
 * half with rank 2 twice, sends all; rank 1 sends its two halves.  In the tree of 5
 * ranks rank 0 sends all to ranks 1, 2 and 4, rank 2 to rank 0 and to rank 3, rank 4 to
 * rank 0. */
Test(sum, bytes_are_those_of_the_papers)
{
    size_t r = sizeof(tally_real);

    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_RING, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_NATIVE, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_HALVING, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_HALVING, 0, 3, 4), 10 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_HALVING, 1, 3, 4), 4 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_HALVING, 2, 3, 4), 4 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_TREE, 0, 5, 8), 24 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_TREE, 2, 5, 8), 16 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_TREE, 4, 5, 8), 8 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_SHM, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_RING, 0, 1, 8), 0));
    cr_assert(eq(u64, tally_sum_bytes(TALLY_SUM_HALVING, 0, 1, 8), 0));
}

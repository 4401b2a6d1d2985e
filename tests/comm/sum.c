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

/* The longest make the ring go in segments. */
static const size_t lengths[] = {0, 1, 2, 5, 16, 33, 300007, 2000003};

enum { LENGTHS = sizeof lengths / sizeof *lengths };

Test(sum, moves_match_at_every_size)
{
    for (int size = 1; size <= 17; size++)
        for (size_t k = 0; k < LENGTHS; k++) {
            expect_matching(tally_ring_move, size, lengths[k]);
            expect_matching(tally_halving_move, size, lengths[k]);
            expect_matching(tally_tree_move, size, lengths[k]);
        }
}

typedef size_t (*scratch)(int size, size_t n);

/* Also of vectors shorter than the one that the scratch is made for. */
static void expect_room(move move_of, scratch scratch_of, int size, size_t n,
                        size_t most)
{
    tally_move m;

    for (int rank = 0; rank < size; rank++)
        for (int phase = 0; move_of(rank, size, n, phase, &m); phase++)
            if (m.add) cr_assert(m.receive.count <= scratch_of(size, most));
}

Test(sum, scratch_holds_what_is_added)
{
    for (int size = 2; size <= 17; size++)
        for (size_t k = 0; k < LENGTHS; k++)
            for (size_t j = 0; j <= k; j++) {
                size_t n = lengths[j], most = lengths[k];

                expect_room(tally_ring_move, tally_ring_scratch, size, n, most);
                expect_room(tally_halving_move, tally_halving_scratch, size, n, most);
                expect_room(tally_tree_move, tally_tree_scratch, size, n, most);
            }
    /* Cut in two, a block of one segment and a value is shorter than one of one. */
    expect_room(tally_ring_move, tally_ring_scratch, 2, 131072, 131074);
}

/* What a move of the ring sends came, at the latest, `depth` moves before. */
Test(sum, moves_of_the_ring_need_only_old_ones)
{
    tally_move m, earlier;

    for (int size = 2; size <= 9; size++)
        for (size_t k = 0; k < LENGTHS; k++) {
            int depth = tally_ring_depth(size, lengths[k]);

            for (int p = depth; tally_ring_move(1, size, lengths[k], p, &m); p++) {
                tally_ring_move(1, size, lengths[k], p - depth, &earlier);
                cr_assert(eq(sz, m.send.first, earlier.receive.first));
                cr_assert(eq(sz, m.send.count, earlier.receive.count));
            }
        }
}

static uint64_t bytes_of(tally_sum_algorithm algorithm, int rank, int size, size_t n)
{
    return tally_sum_bytes(&(tally_comm){.size = size}, algorithm, rank, n);
}

/* In values, by hand: the ring sends a block of 2 in each of 6 phases; halving at 4
 * ranks 4 + 2 + 2 + 4.  At 3 ranks the pair (0, 1) folds: rank 0 sends half of 4, swaps
 * half with rank 2 twice, sends all; rank 1 sends its two halves.  In the tree of 5
 * ranks rank 0 sends all to ranks 1, 2 and 4, rank 2 to rank 0 and to rank 3, rank 4 to
 * rank 0. */
Test(sum, bytes_are_those_of_the_papers)
{
    size_t r = sizeof(tally_real);

    cr_assert(eq(u64, bytes_of(TALLY_SUM_RING, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_RING, 2, 4, 4 << 20), (6 << 20) * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_NATIVE, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_HALVING, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_HALVING, 0, 3, 4), 10 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_HALVING, 1, 3, 4), 4 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_HALVING, 2, 3, 4), 4 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_TREE, 0, 5, 8), 24 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_TREE, 2, 5, 8), 16 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_TREE, 4, 5, 8), 8 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_SHM, 2, 4, 8), 12 * r));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_RING, 0, 1, 8), 0));
    cr_assert(eq(u64, bytes_of(TALLY_SUM_HALVING, 0, 1, 8), 0));
}

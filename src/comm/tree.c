/* tree.c — all-reduce by a binomial tree: up to rank 0, and down again.
 *
 *     up, round j     of the ranks still there, those with bit j set send all of v to
 *                     the rank 2^j below, which adds it, and are out
 *     down, round j   the same rounds backwards: the lower rank sends the sum
 *
 * Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations
 * in MPICH, 2005 (reduce and broadcast for short vectors).  2 ceil(log2 size) rounds at
 * any size, each of all of v: for short vectors over links of some latency.  The sum is
 * rank 0's, so every rank ends with the same bits. */

#include "comm/move.h"

static int rounds_of(int size)
{
    int rounds = 0;

    while (1 << rounds < size)
        rounds++;
    return rounds;
}

bool tally_tree_move(int rank, int size, size_t n, int phase, tally_move *m)
{
    int rounds = rounds_of(size);
    bool up = phase < rounds;

    *m = (tally_move){.add = false};
    if (phase >= 2 * rounds) return false;
    int step = 1 << (up ? phase : 2 * rounds - 1 - phase);
    bool upper = rank & step;
    int other = rank ^ step;

    if (rank % step != 0 || other >= size) return true; /* out, or without a partner */
    m->to = m->from = other;
    m->add = up && !upper;
    if (upper == up)
        m->send = (tally_span){0, n};
    else
        m->receive = (tally_span){0, n};
    return true;
}

size_t tally_tree_scratch(int size, size_t n)
{
    return size > 1 ? n : 0;
}

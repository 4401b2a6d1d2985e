/* ring.c — the ring all-reduce: two laps of blocks around the ring.
 *
 *     v is cut into blocks 0 .. size-1
 *     lap 1, turn p: send block rank-p to the right; add block rank-p-1 from the left
 *     lap 2, turn p: send block rank+1-p to the right; take block rank-p from the left
 *
 * Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms for clusters of
 * workstations, 2009.  Each rank sends 2 (size-1)/size of v in 2 (size-1) turns, which
 * is the least possible number of bytes; the latency grows with size.  A block is
 * summed along one path, so every rank ends with the same bits.
 *
 * A long block goes in segments, one move each.  A move needs of this rank only what
 * came one turn before, which is `segments` moves ago: so many may be under way, the
 * link is never idle while a segment is added, and no bit of the sum changes. */

#include "comm/move.h"

enum { SEGMENT = (256 << 10) / sizeof(tally_real) }; /* about as many values */

/* Piece k of n values in `pieces`: they differ by one value at most; the longer ones
 * come first. */
static tally_span piece(int k, int pieces, size_t n)
{
    size_t each = n / (size_t)pieces, longer = n % (size_t)pieces, at = (size_t)k;

    return (tally_span){at * each + (at < longer ? at : longer),
                        each + (at < longer ? 1 : 0)};
}

tally_span tally_ring_block(int k, int size, size_t n)
{
    return piece(k, size, n);
}

int tally_ring_segments(int size, size_t n)
{
    size_t block = piece(0, size, n).count;

    return block > SEGMENT ? (int)((block + SEGMENT - 1) / SEGMENT) : 1;
}

static tally_span segment(int block, int k, int segments, int size, size_t n)
{
    tally_span whole = piece(block, size, n), s = piece(k, segments, whole.count);

    s.first += whole.first;
    return s;
}

bool tally_ring_turn(int rank, int size, size_t n, int segments, int phase,
                     tally_move *m)
{
    int laps = size - 1, turn = phase / segments, k = phase % segments;

    if (turn >= 2 * laps) return false;
    bool second = turn >= laps;
    int sent = (rank + (second ? 1 : 0) - turn % laps + size) % size;

    *m = (tally_move){
        .to = (rank + 1) % size,
        .from = (rank + size - 1) % size,
        .send = segment(sent, k, segments, size, n),
        .receive = segment((sent + size - 1) % size, k, segments, size, n),
        .add = !second,
        .ahead = segments - 1,
    };
    return true;
}

bool tally_ring_move(int rank, int size, size_t n, int phase, tally_move *m)
{
    return tally_ring_turn(rank, size, n, tally_ring_segments(size, n), phase, m);
}

int tally_ring_depth(int size, size_t n)
{
    return tally_ring_segments(size, n);
}

size_t tally_ring_scratch(int size, size_t n)
{
    size_t block = piece(0, size, n).count;

    return block < SEGMENT ? block : SEGMENT;
}

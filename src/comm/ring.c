/* ring.c — the ring all-reduce: two laps of blocks around the ring.
 *
 *     v is cut into blocks 0 .. size-1
 *     lap 1, phase p: send block rank-p to the right; add block rank-p-1 from the left
 *     lap 2, phase p: send block rank+1-p to the right; take block rank-p from the left
 *
 * Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms for clusters of
 * workstations, 2009.  Each rank sends 2 (size-1)/size of v in 2 (size-1) messages,
 * which is the least possible number of bytes; the latency grows with size.  A block is
 * summed along one path, so every rank ends with the same bits. */

#include "comm/move.h"

/* Blocks differ by one value at most; the longer ones come first. */
static tally_span block(int k, int size, size_t n)
{
    size_t each = n / (size_t)size, longer = n % (size_t)size, at = (size_t)k;

    return (tally_span){at * each + (at < longer ? at : longer),
                        each + (at < longer ? 1 : 0)};
}

bool tally_ring_move(int rank, int size, size_t n, int phase, tally_move *m)
{
    int laps = size - 1;

    if (phase >= 2 * laps) return false;
    bool second = phase >= laps;
    int block_sent = (rank + (second ? 1 : 0) - phase % laps + size) % size;

    *m = (tally_move){
        .to = (rank + 1) % size,
        .from = (rank + size - 1) % size,
        .send = block(block_sent, size, n),
        .receive = block((block_sent + size - 1) % size, size, n),
        .add = !second,
    };
    return true;
}

size_t tally_ring_scratch(int size, size_t n)
{
    return block(0, size, n).count;
}

/* move.h — one phase of an all-reduce: what a rank sends, and what it does with what
 * comes.
 *
 * The algorithms are pure functions of (rank, size, n, phase), so the same lines drive
 * the messages and count their bytes. */

#ifndef TALLY_COMM_MOVE_H
#define TALLY_COMM_MOVE_H

#include "tally/layout.h"

#include "comm/nodes.h"

/* Spans are of the vector; an empty one means no message.  Sender and receiver of a
 * message derive the same span. */
typedef struct tally_move {
    int to, from;
    tally_span send, receive;
    bool add;  /* what comes is added to v; else it replaces that part of v */
    int ahead; /* it needs nothing of so many moves before it: they may be under way */
} tally_move;

/* The move of `rank` in a phase, 0 first; false when there are no more phases. */
bool tally_ring_move(int rank, int size, size_t n, int phase, tally_move *m);
bool tally_halving_move(int rank, int size, size_t n, int phase, tally_move *m);
bool tally_tree_move(int rank, int size, size_t n, int phase, tally_move *m);
bool tally_hier_move(const tally_nodes *t, int rank, size_t n, int phase,
                     tally_move *m);

/* How many moves may be under way at most.  By halving and in a tree: one. */
int tally_ring_depth(int size, size_t n);
int tally_hier_depth(const tally_nodes *t, size_t n);

/* The longest span that a rank adds of vectors up to n: how much scratch each move
 * under way needs. */
size_t tally_ring_scratch(int size, size_t n);
size_t tally_halving_scratch(int size, size_t n);
size_t tally_tree_scratch(int size, size_t n);

/* Bytes of a vector for each node up to which nodes halve it sooner than a ring goes
 * around (measured: choice.c). */
enum { TALLY_HALVING_SHARE = 16 << 10 };

/* Of hier: whether its nodes halve; and the longest span that it adds while nothing
 * else is under way, of vectors up to n.  The others are as long as in a ring of one
 * rank at most. */
bool tally_hier_halves(int nodes, size_t n);
size_t tally_hier_alone(const tally_nodes *t, size_t n);

/* Of the ring, for hier: block k of n values; in how many segments the blocks go; and a
 * move when they go in so many. */
tally_span tally_ring_block(int k, int size, size_t n);
int tally_ring_segments(int size, size_t n);
bool tally_ring_turn(int rank, int size, size_t n, int segments, int phase,
                     tally_move *m);

#endif

/* move.h — one phase of an all-reduce: what a rank sends, and what it does with what
 * comes.
 *
 * The algorithms are pure functions of (rank, size, n, phase), so the same lines drive
 * the messages and count their bytes. */

#ifndef TALLY_COMM_MOVE_H
#define TALLY_COMM_MOVE_H

#include "tally/layout.h"

/* Spans are of the vector; an empty one means no message.  Sender and receiver of a
 * message derive the same span. */
typedef struct tally_move {
    int to, from;
    tally_span send, receive;
    bool add; /* what comes is added to v; else it replaces that part of v */
} tally_move;

/* The move of `rank` in a phase, 0 first; false when there are no more phases. */
bool tally_ring_move(int rank, int size, size_t n, int phase, tally_move *m);
bool tally_halving_move(int rank, int size, size_t n, int phase, tally_move *m);
bool tally_tree_move(int rank, int size, size_t n, int phase, tally_move *m);

/* How many moves may be under way: a move needs nothing of the `depth` - 1 before it.
 * By halving and in a tree each needs the last one. */
int tally_ring_depth(int size, size_t n);

/* The longest span that a rank adds of vectors up to n: how much scratch each move
 * under way needs. */
size_t tally_ring_scratch(int size, size_t n);
size_t tally_halving_scratch(int size, size_t n);
size_t tally_tree_scratch(int size, size_t n);

#endif

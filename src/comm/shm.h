/* shm.h — an all-reduce through memory that the ranks of a node share; see shm.c. */

#ifndef TALLY_COMM_SHM_H
#define TALLY_COMM_SHM_H

#include "tally/comm.h"

typedef struct tally_shm tally_shm;

/* True when all ranks of c share memory and run at the same time. */
bool tally_shm_works(const tally_comm *c);

/* The machine of comm c, which its sums have in common: made by the first to open it,
 * gone with the last.  Closing a sum that is under way ends it for all of them, since
 * the ranks no longer agree on where it stands.  Open is collective, close local. */
tally_status tally_shm_open(tally_shm **m, tally_comm *c);
void tally_shm_close(tally_shm *m, bool under_way);

/* Starts summing v; all ranks start the same sums in the same order, one at a time. */
void tally_shm_start(tally_shm *m, tally_real *v, size_t n);

/* Goes as far as it can without waiting: the rank that it would have to wait for, or -1
 * when the sum is done. */
int tally_shm_advance(tally_shm *m);

/* Rank's shard of n values that all see: whole lines of cache, so that no two ranks
 * write to the same one. */
tally_span tally_shm_shard(int rank, int size, size_t n);

/* to[0..n) <- ((v_0 + v_1) + v_2) + ..., where v_r is at each[r], and `to` may be one
 * of them; also: unless NULL, a second place for the sum. */
void tally_shm_add(const tally_real *const *each, int size, size_t n, tally_real *to,
                   tally_real *also);

#endif

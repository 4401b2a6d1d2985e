/* aggregate.h — the tables of the built-in aggregates, one a file, and what several of
 * them do with rows. */

#ifndef TALLY_AGGREGATE_AGGREGATE_H
#define TALLY_AGGREGATE_AGGREGATE_H

#include "tally/aggregate.h"

#define AGGREGATE(name) extern const tally_aggregate_ops tally_aggregate_##name;
#include "aggregate/list.def"
#undef AGGREGATE

/* a->block[r * TALLY_BLOCK + i] <- the r-th least of the rows' values at + i, for i in
 * [0, n); n <= TALLY_BLOCK. */
void tally_rows_sort(tally_aggregate *a, const tally_rows *rows, size_t at, size_t n);

/* d[i * n + j] <- |row i - row j|^2 over all shards, infinite when either is.
 * Collective. */
tally_status tally_rows_distances(const tally_rows *rows, double *d);

/* norm[i] <- |row i - centre| over all shards; centre: rows->count values.  Infinite
 * for an infinite row.  Collective. */
tally_status tally_rows_norms(const tally_rows *rows, const tally_real *centre,
                              double *norm);

/* result <- sum of weight[i] row i; rows of weight 0 are not looked at. */
void tally_rows_mix(const tally_rows *rows, const double *weight, tally_real *result);

/* score[i] <- the sum of the n_alive - f - 2 (at least one) least d[i * n + j] to other
 * rows that are alive (alive NULL: all are); infinite for rows that are not.  room: n
 * doubles. */
void tally_krum_scores(const double *d, const bool *alive, size_t n, size_t f,
                       double *score, double *room);

/* The least score; the first of equals. */
size_t tally_krum_best(const double *score, size_t n);

#endif

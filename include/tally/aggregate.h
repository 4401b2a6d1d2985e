/* aggregate.h — n vectors, of which some may lie, to one.
 *
 * An aggregate sees the n vectors as rows, cut to the coordinates that are here; what
 * it needs of the others (distances, norms) it gets by adding up partial sums.  With
 * all coordinates here it is an ordinary function of n vectors. */

#ifndef TALLY_AGGREGATE_H
#define TALLY_AGGREGATE_H

#include "tally/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally_rows {
    size_t n;     /* rows */
    size_t first; /* coordinate of the first value of a row */
    size_t count; /* values of each row */
    uint64_t step;
    tally_real *const *at; /* n rows; may be overwritten */
    /* v[0 .. m) <- its sum over all shards of the rows, the same bits on all ranks.
     * Called equally often by all ranks, also by those with count = 0.  Collective. */
    tally_status (*sum)(void *context, double *v, size_t m);
    void *context;
} tally_rows;

/* What an aggregate asks of rows->sum in one combine: so many sums of so many numbers
 * at most. */
typedef struct tally_sums {
    size_t length, rounds;
} tally_sums;

typedef struct tally_aggregate tally_aggregate;

typedef struct tally_aggregate_ops {
    tally_about about;
    const char *needs; /* of n rows, for people: "n > 2 f + 2" */
    bool robust; /* bears rows with infinite values: they count as liars.  NaN reaches
              it as infinity */
    /* Optional: it calls rows->sum, and wants all of a vector in one go. */
    tally_sums (*sums)(const tally_aggregate *a);
    /* Optional: refuses a number of rows with the inequality that fails. */
    tally_status (*check)(const tally_aggregate *a);
    tally_status (*open)(tally_aggregate *a); /* optional: inner */
    /* result: rows->count values, apart from the rows. */
    tally_status (*combine)(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result);
    /* Optional: what all ranks then got of span s (v at coordinate 0), for the state.
     */
    void (*remember)(tally_aggregate *a, tally_span s, const tally_real *v);
    void (*close)(tally_aggregate *a); /* optional */
} tally_aggregate_ops;

struct tally_aggregate {
    const tally_aggregate_ops *ops;
    void *options;     /* owned */
    size_t n;          /* rows that combine sees */
    size_t bucket;     /* rows are averaged in groups of so many first; 1: not */
    uint64_t seed;     /* of the groups */
    tally_state state; /* of the table's slots */
    double *room;      /* owned: n * n + 4 n */
    tally_real *block; /* owned: n * TALLY_BLOCK, for sorting columns */
    tally_real **rows; /* owned: n pointers */
    void *inner;
};

enum { TALLY_BLOCK = 64 };

extern TALLY_API const tally_family tally_aggregate_family;
TALLY_API tally_status tally_register_aggregate(const tally_aggregate_ops *ops);

/* spec    "krum:f=2"
 * ranks   how many vectors there are
 * bucket  1, or: average random groups of so many first (Karimireddy, He, Jaggi,
 *         Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, 2020,
 *         arXiv:2006.09365); the aggregate then sees ceil(ranks / bucket) rows
 * seed    the same on all ranks
 *
 * Local. */
TALLY_API tally_status tally_aggregate_open(tally_aggregate *a, const char *spec,
                                            const tally_layout *layout, size_t ranks,
                                            size_t bucket, uint64_t seed);
TALLY_API void tally_aggregate_close(tally_aggregate *a);

/* Buckets, makes NaN infinite where the aggregate is robust, and combines.  rows->n is
 * the number of ranks.  Collective when ops->sums. */
TALLY_API tally_status tally_aggregate_combine(tally_aggregate *a, tally_rows rows,
                                               tally_real *result);

#ifdef __cplusplus
}
#endif
#endif

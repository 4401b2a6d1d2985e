/* source.h — where samples come from, and which of them a rank looks at. */

#ifndef TALLY_SOURCE_H
#define TALLY_SOURCE_H

#include "tally/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tally_split {
    TALLY_TRAIN,
    TALLY_VALIDATE, /* rows that the source brings, or else rows of the training set
                       that a seeded permutation holds out */
    TALLY_TEST
} tally_split;

typedef struct tally_source tally_source;

typedef struct tally_source_ops {
    tally_about about;
    /* Fills features, classes, count and inner.  Every rank reads its own copy. */
    tally_status (*open)(tally_source *s);
    /* Copies rows[0..n) of a set: x is n × features, row-major, scaled; label has n
     * entries in [0, classes).  Rows of TALLY_VALIDATE are asked for only of a source
     * with validate_count above 0.  Safe from several threads at once. */
    tally_status (*fetch)(const tally_source *s, tally_split split,
                          const uint64_t *rows, size_t n, tally_real *x,
                          int32_t *label);
    void (*close)(tally_source *s);
} tally_source_ops;

struct tally_source {
    const tally_source_ops *ops;
    void *options; /* owned */
    size_t features, classes;
    size_t shape[3]; /* channels, height, width; 0 when it is no picture */
    size_t train_count, test_count; /* rows on disk */
    size_t validate_count; /* rows of its own; 0: validation is taken from train */
    uint64_t hash;         /* of the data: two ranks with other data differ */
    char note[1024];       /* what a person should know of it; "": nothing */
    void *inner;
};

extern TALLY_API const tally_family tally_source_family;
TALLY_API tally_status tally_register_source(const tally_source_ops *ops);

/* spec: "digits", "mnist1k", "idx:dir=D".  Returns TALLY_OPTION, TALLY_FILE,
 * TALLY_FORMAT or TALLY_MEMORY.  Local. */
TALLY_API tally_status tally_source_open(tally_source *s, const char *spec);
TALLY_API void tally_source_close(tally_source *s);

/* Some samples of one split, by row, and what each counts in the sum that is minimised.
 */
typedef struct tally_samples {
    tally_split split; /* TALLY_VALIDATE: rows of the source's own, or training rows */
    const uint64_t *rows; /* count of them; NULL: the objective has no data */
    size_t count;         /* may be 0 */
    double weight; /* 1 / global batch: gradients of all ranks add up to the mean */
    uint64_t step; /* for randomness inside the model, such as dropout */
} tally_samples;

/* Which rows a step takes: a keyed permutation of (seed, epoch) over the training rows
 * that are not held out.  No state and no communication: any rank can tell any row. */
typedef struct tally_sampler {
    uint64_t seed;
    uint64_t train_count, validate_count; /* after the split */
    uint64_t held_out; /* of the training rows: validate_count, or 0 when the source
                          brings its own */
    uint64_t test_count;
    uint64_t batch; /* per rank */
    int size;       /* ranks */
} tally_sampler;

/* Holds out `validate` rows; batch 0: a step takes all others.  Returns TALLY_OPTION
 * when none would be left, or when the source brings validation rows of its own. */
TALLY_API tally_status tally_sampler_open(tally_sampler *p, const tally_source *s,
                                          uint64_t seed, uint64_t validate,
                                          uint64_t batch, int size);

/* Steps in an epoch: ceil(train / (batch * size)); the last one may be smaller. */
TALLY_API uint64_t tally_sampler_steps(const tally_sampler *p);

/* Samples of all ranks together in step `step` (0-based, over all epochs). */
TALLY_API uint64_t tally_sampler_global(const tally_sampler *p, uint64_t step);

/* The rows of `rank` in that step: at most p->batch, written to rows; returns how many.
 * The samples of a step are dealt to the ranks in blocks that differ by at most one,
 * and do not depend on the number of ranks when batch * size is the same. */
TALLY_API size_t tally_sampler_train(const tally_sampler *p, uint64_t step, int rank,
                                     uint64_t *rows);

/* For evaluation: the samples of `split` that are this rank's share, and rows [first,
 * first + n) of that share. */
TALLY_API uint64_t tally_sampler_share(const tally_sampler *p, tally_split split,
                                       int rank);
TALLY_API void tally_sampler_rows(const tally_sampler *p, tally_split split, int rank,
                                  uint64_t first, size_t n, uint64_t *rows);

/* Block `part` of `parts` of [0, total): blocks differ by at most one, larger first. */
TALLY_API tally_span tally_shard(uint64_t total, int part, int parts);

#ifdef __cplusplus
}
#endif
#endif

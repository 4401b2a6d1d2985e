/* random.h — every random number is a function of (seed, purpose, step, index).
 *
 * A counter-based generator (Philox 4x32-10: Salmon et al., Parallel Random Numbers: As
 * Easy as 1, 2, 3, 2011; Random123): no state, so results depend neither on the number
 * of ranks nor on what ran before. */

#ifndef TALLY_NUM_RANDOM_H
#define TALLY_NUM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef enum tally_purpose { /* numbers are part of the format of a seed: never reuse
                                one */
                             TALLY_FOR_WEIGHTS =
                                 1, /* initial weights: step = tensor, index = value */
                             TALLY_FOR_HOLDOUT =
                                 2, /* which training rows are the validation split */
                             TALLY_FOR_ORDER =
                                 3, /* order of the training rows: step = epoch */
                             TALLY_FOR_TIE =
                                 4, /* coin of a tied vote: index = coordinate / 64 */
                             TALLY_FOR_ZERO =
                                 5, /* coin of a zero ballot: index = coordinate / 64 */
                             TALLY_FOR_TESTS = 6,
                             TALLY_FOR_SYNTHETIC =
                                 7, /* made-up samples: step = centres or a row */
                             TALLY_FOR_ROUNDING =
                                 8, /* coins of a codec: index = coordinate / 2 */
                             TALLY_FOR_CHOICE =
                                 9, /* which coordinates a codec sends: index = first */
                             TALLY_FOR_NODES =
                                 10, /* which nodes of a graph train, validate, test */
                             TALLY_FOR_BUCKETS =
                                 11, /* groups of ranks that are averaged first */
                             TALLY_FOR_ATTACK =
                                 12, /* what a rank that lies says: its own seed */
                             TALLY_FOR_FACTORS =
                                 13 /* first factors of powersgd: index = value / 2 */
} tally_purpose;

uint64_t tally_random(uint64_t seed, tally_purpose purpose, uint64_t step,
                      uint64_t index);

/* random[i] <- tally_random of index first + i, for i < count: many at a time. */
void tally_random_run(uint64_t seed, tally_purpose purpose, uint64_t step,
                      uint64_t first, size_t count, uint64_t *random);

/* Uniform in [0, 1), 53 bits. */
double tally_random_uniform(uint64_t seed, tally_purpose purpose, uint64_t step,
                            uint64_t index);

/* Two independent normal deviates, mean 0 and deviation 1; none beyond 6.7. */
void tally_random_normal(uint64_t seed, tally_purpose purpose, uint64_t step,
                         uint64_t index, double pair[2]);

/* A keyed permutation of [0, n): the place of i, without a table.  n >= 1. */
uint64_t tally_random_permute(uint64_t seed, tally_purpose purpose, uint64_t step,
                              uint64_t n, uint64_t i);

#endif

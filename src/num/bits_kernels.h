/* bits_kernels.h — the table that bits_kernels.c ends in, for each instruction set. */

#ifndef TALLY_NUM_BITS_KERNELS_H
#define TALLY_NUM_BITS_KERNELS_H

#include "num/bits.h"

/* What tally_bits_pack and the others of num/bits.h are on one instruction set. */
typedef struct tally_bits_table {
    void (*pack)(const tally_real *v, tally_span s, uint64_t *bits);
    void (*pack_masked)(const tally_real *v, tally_span s, uint64_t *bits,
                        uint64_t *mask);
    void (*expand)(const uint64_t *bits, const uint64_t *mask, tally_span s,
                   tally_real scale, tally_real *v);
    uint64_t (*count)(const uint64_t *bits, size_t words);
    void (*majority)(const uint64_t *const *ballots, size_t n, size_t words,
                     uint64_t *minus, uint64_t *tie);
    void (*sum)(const tally_bits_term *terms, size_t n, size_t words, size_t planes,
                uint64_t *sums);
    void (*weigh)(const tally_bits_term *terms, size_t n, size_t words, uint64_t all,
                  uint64_t *minus, uint64_t *tie);
} tally_bits_table;

extern const tally_bits_table tally_bits_kernels, tally_bits_kernels_avx2,
    tally_bits_kernels_avx512;

#endif

/* bits.c — the functions of bits.h, on the instruction set in use. */

#include "num/bits.h"

#include "num/bits_kernels.h"
#include "num/isa.h"

#include <assert.h>

static const tally_bits_table *const tables[] = TALLY_EACH_ISA(&tally_bits_kernels);

size_t tally_bits_words(size_t count)
{
    return count / 64 + (count % 64 != 0);
}

void tally_bits_trim(uint64_t *bits, size_t length)
{
    if (length % 64) bits[length / 64] &= (UINT64_C(1) << length % 64) - 1;
}

void tally_bits_pack(const tally_real *v, tally_span s, uint64_t *bits)
{
    assert(s.first % 64 == 0);
    tables[tally_isa_used()]->pack(v, s, bits);
}

void tally_bits_pack_masked(const tally_real *v, tally_span s, uint64_t *bits,
                            uint64_t *mask)
{
    assert(s.first % 64 == 0);
    tables[tally_isa_used()]->pack_masked(v, s, bits, mask);
}

void tally_bits_expand(const uint64_t *bits, const uint64_t *mask, tally_span s,
                       tally_real scale, tally_real *v)
{
    assert(s.first % 64 == 0);
    tables[tally_isa_used()]->expand(bits, mask, s, scale, v);
}

uint64_t tally_bits_count(const uint64_t *bits, size_t words)
{
    return tables[tally_isa_used()]->count(bits, words);
}

void tally_bits_majority(const uint64_t *const *ballots, size_t n, size_t words,
                         uint64_t *minus, uint64_t *tie)
{
    assert(n >= 1 && n <= (size_t)1 << 31);
    tables[tally_isa_used()]->majority(ballots, n, words, minus, tie);
}

void tally_bits_majority_masked(const uint64_t *const *bits,
                                const uint64_t *const *masks, size_t n, size_t words,
                                uint64_t *minus, uint64_t *tie)
{
    assert(n >= 1 && n <= (size_t)1 << 31);
    tables[tally_isa_used()]->majority_masked(bits, masks, n, words, minus, tie);
}

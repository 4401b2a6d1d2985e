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

size_t tally_bits_planes(uint64_t most)
{
    size_t planes = 0;

    for (; most; most >>= 1)
        planes++;
    return planes;
}

void tally_bits_sum(const tally_bits_term *terms, size_t n, size_t words, size_t planes,
                    uint64_t *sums)
{
    assert(planes <= TALLY_BITS_PLANES);
    tables[tally_isa_used()]->sum(terms, n, words, planes, sums);
}

void tally_bits_weigh(const tally_bits_term *terms, size_t n, size_t words,
                      uint64_t all, uint64_t *minus, uint64_t *tie)
{
    assert(all >> TALLY_BITS_PLANES == 0);
    tables[tally_isa_used()]->weigh(terms, n, words, all, minus, tie);
}

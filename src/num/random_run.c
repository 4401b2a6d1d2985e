/* random_run.c — Philox 4x32-10 for a run of indices, one index a lane.
 *
 *     a = 0xd2511f53 x0,  b = 0xcd9e8d57 x2                   32 times 32 bits: 64
 *     x <- (high(b) ^ x1 ^ k0, low(b), high(a) ^ x3 ^ k1, low(a))
 *     k <- k + (0x9e3779b9, 0xbb67ae85)                       ten times
 *
 * Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011, section 3.3.
 * Compiled for each instruction set (num/isa.h).  A word of the state is the lower half
 * of a 64-bit lane: that is what the vector product reads, so what is left in the upper
 * half is not cleared on the way.  The product is the one thing that compilers do not
 * find in plain C. */

#include "num/random.h"

#ifdef __SSE2__
#    include <immintrin.h>
#endif
#include <stddef.h>
#include <string.h>

#if defined(__AVX512F__)
#    define LANES         8
#    define PRODUCT(a, b) ((lanes)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#elif defined(__AVX2__)
#    define LANES         4
#    define PRODUCT(a, b) ((lanes)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#elif defined(__SSE2__)
#    define LANES         2
#    define PRODUCT(a, b) ((lanes)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#else
#    define LANES         2
#    define PRODUCT(a, b) (((a)&LOWER) * ((b)&LOWER))
#endif

#define LOWER UINT64_C(0xffffffff)

enum { ROUNDS = 10, GROUPS = 2 }; /* independent products hide each other's time */

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));

static inline lanes all(uint64_t x)
{
    return (lanes){0} + x;
}

/* The numbers of GROUPS * LANES indices from `first` on. */
static inline void draw(uint64_t seed, uint64_t upper, uint64_t first, uint64_t *random)
{
    lanes x[GROUPS][4], own;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

    for (int i = 0; i < LANES; i++)
        own[i] = (uint64_t)i;
    for (int g = 0; g < GROUPS; g++) {
        x[g][0] = own + (first + (uint64_t)g * LANES);
        x[g][1] = x[g][0] >> 32;
        x[g][2] = all(upper);
        x[g][3] = all(upper >> 32);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int g = 0; g < GROUPS; g++) {
            lanes a = PRODUCT(x[g][0], all(0xd2511f53));
            lanes b = PRODUCT(x[g][2], all(0xcd9e8d57));

            x[g][0] = b >> 32 ^ x[g][1] ^ all(k0);
            x[g][1] = b;
            x[g][2] = a >> 32 ^ x[g][3] ^ all(k1);
            x[g][3] = a;
        }
        k0 += 0x9e3779b9;
        k1 += 0xbb67ae85;
    }
    for (int g = 0; g < GROUPS; g++) {
        lanes r = x[g][1] << 32 | (x[g][0] & LOWER);

        memcpy(random + g * LANES, &r, sizeof r);
    }
}

void tally_random_run(uint64_t seed, tally_purpose purpose, uint64_t step,
                      uint64_t first, size_t count, uint64_t *random)
{
    const size_t width = (size_t)GROUPS * LANES;
    const uint64_t upper = (step & UINT64_C(0xffffffffffffff)) | (uint64_t)purpose
                                                                     << 56;
    uint64_t rest[GROUPS * LANES];
    size_t i = 0;

    for (; i + width <= count; i += width)
        draw(seed, upper, first + i, random + i);
    if (i == count) return;
    draw(seed, upper, first + i, rest);
    memcpy(random + i, rest, (count - i) * sizeof *rest);
}

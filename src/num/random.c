/* random.c — Philox as a pure function, and what is built from it: uniform and normal
 * deviates, a permutation. */

#include "num/random.h"

#include <Random123/philox.h>
#include <math.h>

uint64_t tally_random(uint64_t seed, tally_purpose purpose, uint64_t step,
                      uint64_t index)
{
    philox4x32_key_t key = {
        {(uint32_t)seed, (uint32_t)(seed >> 32)}
    };
    philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)step,
         (uint32_t)(step >> 32 & 0xffffff) | (uint32_t)purpose << 24}
    };
    philox4x32_ctr_t random = philox4x32(counter, key);

    return (uint64_t)random.v[1] << 32 | random.v[0];
}

double tally_random_uniform(uint64_t seed, tally_purpose purpose, uint64_t step,
                            uint64_t index)
{
    return (double)(tally_random(seed, purpose, step, index) >> 11) * 0x1p-53;
}

/*     sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v),  u in (0, 1], v in [0, 1)
 *
 * Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.  One 64-bit
 * random number gives u and v, 32 bits each; nothing falls beyond sqrt(64 ln 2). */
void tally_random_normal(uint64_t seed, tally_purpose purpose, uint64_t step,
                         uint64_t index, double pair[2])
{
    const double turn = 6.283185307179586;
    uint64_t random = tally_random(seed, purpose, step, index);
    double u = ((double)(random >> 32) + 1) * 0x1p-32;
    double v = (double)(random & 0xffffffff) * 0x1p-32;
    double radius = sqrt(-2 * log(u));

    pair[0] = radius * cos(turn * v);
    pair[1] = radius * sin(turn * v);
}

/* A mixing function of 64 bits (the finaliser of MurmurHash3, Appleby). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 33;
}

/* Six rounds of a balanced Feistel network over 2k bits, 4^k >= n, walking the cycle
 * until the value falls below n (Black and Rogaway, Ciphers with Arbitrary Finite
 * Domains, 2002).  On average under four walks. */
uint64_t tally_random_permute(uint64_t seed, tally_purpose purpose, uint64_t step,
                              uint64_t n, uint64_t i)
{
    uint64_t key = tally_random(seed, purpose, step, UINT64_MAX);
    unsigned half = 1;

    while (half < 32 && (UINT64_C(1) << 2 * half) < n)
        half++;
    uint64_t mask = (UINT64_C(1) << half) - 1;
    do {
        uint64_t left = i >> half, right = i & mask;

        for (uint64_t round = 0; round < 6; round++) {
            uint64_t next =
                left ^ (mix(right + key + round * 0x9e3779b97f4a7c15u) & mask);

            left = right;
            right = next;
        }
        i = left << half | right;
    } while (i >= n);
    return i;
}

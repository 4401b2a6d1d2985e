/* lanes.h — as many values as a vector register holds, for functions of each value.
 *
 *     for (size_t i = 0; i < n; i += TALLY_LANES)
 *         tally_lanes_store(1 / (1 + tally_lanes_exp(-tally_lanes_load(x + i, n - i))),
 *                           y + i, n - i);
 *
 * For files that are compiled for each instruction set (num/isa.h): a lane is a value
 * by itself, so their number does not change the bits.  Operators work on lanes as on
 * one value, with numbers as the other side too; a comparison gives a mask for choose.
 * Loops without exp and the like need none of this, the compiler vectorises them.
 *
 * Functions are SLEEF's: Shibata and Petrogalli, SLEEF: A Portable Vectorized Library
 * of C Standard Mathematical Functions, 2020, arXiv:2001.09258.  Those named cinz give
 * the same bits on every processor, without FMA; its finz ones are up to twice as fast,
 * but their scalar form needs a processor with FMA.  u10 and u15: errors below 1.0
 * and 1.5 units in the last place.  x and y may be the same array. */

#ifndef TALLY_NUM_LANES_H
#define TALLY_NUM_LANES_H

#include "tally/layout.h"

#ifdef __SSE2__
#    include <immintrin.h>
#endif
#include <sleef.h>
#include <stdint.h>
#include <string.h>

/* TALLY_SLEEF(exp, u10, x) is Sleef_cinz_expf16_u10avx512fnofma(x), for example. */
#if defined(__AVX512F__)
#    define TALLY_LANES_BYTES 64
#    ifdef TALLY_DOUBLE
#        define TALLY_SLEEF(f, error, x) Sleef_cinz_##f##d8_##error##avx512fnofma(x)
#    else
#        define TALLY_SLEEF(f, error, x) Sleef_cinz_##f##f16_##error##avx512fnofma(x)
#    endif
#elif defined(__AVX2__)
#    define TALLY_LANES_BYTES 32
#    ifdef TALLY_DOUBLE
#        define TALLY_SLEEF(f, error, x) Sleef_cinz_##f##d4_##error##avx(x)
#    else
#        define TALLY_SLEEF(f, error, x) Sleef_cinz_##f##f8_##error##avx(x)
#    endif
#elif defined(__SSE2__)
#    define TALLY_LANES_BYTES 16
#    ifdef TALLY_DOUBLE
#        define TALLY_SLEEF(f, error, x) Sleef_cinz_##f##d2_##error##sse2(x)
#    else
#        define TALLY_SLEEF(f, error, x) Sleef_cinz_##f##f4_##error##sse2(x)
#    endif
#else
#    ifdef TALLY_DOUBLE
#        define TALLY_LANES_BYTES 8
#        define TALLY_SLEEF(f, error, x)                                               \
            ((tally_lanes){Sleef_cinz_##f##d1_##error##purec((x)[0])})
#    else
#        define TALLY_LANES_BYTES 4
#        define TALLY_SLEEF(f, error, x)                                               \
            ((tally_lanes){Sleef_cinz_##f##f1_##error##purec((x)[0])})
#    endif
#endif

#ifdef TALLY_DOUBLE
typedef int64_t tally_lane_bits;
#else
typedef int32_t tally_lane_bits;
#endif

enum { TALLY_LANES = TALLY_LANES_BYTES / sizeof(tally_real) };

typedef tally_real tally_lanes __attribute__((vector_size(TALLY_LANES_BYTES)));
typedef tally_lane_bits tally_lanes_mask
    __attribute__((vector_size(TALLY_LANES_BYTES)));

/* The next lanes of the `left` values from x on; zeros past the last. */
static inline tally_lanes tally_lanes_load(const tally_real *x, size_t left)
{
    tally_lanes v;

    if (left >= TALLY_LANES) {
        memcpy(&v, x, sizeof v);
    } else {
        v = (tally_lanes){0};
        memcpy(&v, x, left * sizeof *x);
    }
    return v;
}

/* The lanes that have room in the `left` values from x on. */
static inline void tally_lanes_store(tally_lanes v, tally_real *x, size_t left)
{
    if (left >= TALLY_LANES)
        memcpy(x, &v, sizeof v);
    else
        memcpy(x, &v, left * sizeof *x);
}

/* a where the comparison held, else b. */
static inline tally_lanes tally_lanes_choose(tally_lanes_mask held, tally_lanes a,
                                             tally_lanes b)
{
    return (tally_lanes)((held & (tally_lanes_mask)a) | (~held & (tally_lanes_mask)b));
}

/* One bit a lane, the lowest for the first: set where the comparison held. */
static inline uint64_t tally_lanes_bits(tally_lanes_mask held)
{
#if defined(__AVX512F__) && defined(TALLY_DOUBLE)
    return _mm512_movepi64_mask((__m512i)held);
#elif defined(__AVX512F__)
    return _mm512_movepi32_mask((__m512i)held);
#elif defined(__AVX2__) && defined(TALLY_DOUBLE)
    return (uint64_t)_mm256_movemask_pd((__m256d)held);
#elif defined(__AVX2__)
    return (uint64_t)_mm256_movemask_ps((__m256)held);
#elif defined(__SSE2__) && defined(TALLY_DOUBLE)
    return (uint64_t)_mm_movemask_pd((__m128d)held);
#elif defined(__SSE2__)
    return (uint64_t)_mm_movemask_ps((__m128)held);
#else
    return held[0] & 1;
#endif
}

/* The other way round: the lanes whose bit is set. */
static inline tally_lanes_mask tally_lanes_where(uint64_t bits)
{
#if defined(__AVX512F__) && defined(TALLY_DOUBLE)
    return (tally_lanes_mask)_mm512_movm_epi64((__mmask8)bits);
#elif defined(__AVX512F__)
    return (tally_lanes_mask)_mm512_movm_epi32((__mmask16)bits);
#else
    tally_lanes_mask own;

    for (int k = 0; k < (int)TALLY_LANES; k++)
        own[k] = (tally_lane_bits)1 << k;
    return (own & (tally_lane_bits)bits) == own;
#endif
}

static inline tally_lanes tally_lanes_abs(tally_lanes x)
{
    return tally_lanes_choose(x < 0, -x, x);
}

static inline tally_lanes tally_lanes_exp(tally_lanes x)
{
    return TALLY_SLEEF(exp, u10, x);
}

static inline tally_lanes tally_lanes_tanh(tally_lanes x)
{
    return TALLY_SLEEF(tanh, u10, x);
}

/* ln(1 + x) */
static inline tally_lanes tally_lanes_log1p(tally_lanes x)
{
    return TALLY_SLEEF(log1p, u10, x);
}

/* 1 - erf(x) */
static inline tally_lanes tally_lanes_erfc(tally_lanes x)
{
    return TALLY_SLEEF(erfc, u15, x);
}

#endif

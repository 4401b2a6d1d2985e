/* arrays.h — making and comparing arrays of numbers in tests. */

#ifndef TEST_ARRAYS_H
#define TEST_ARRAYS_H

#include "tally/layout.h"

#include <float.h>
#include <jansson.h>

/* The rounding of one operation on tally_real. */
#ifdef TALLY_DOUBLE
#    define REAL_EPSILON DBL_EPSILON
#else
#    define REAL_EPSILON ((double)FLT_EPSILON)
#endif

/* n numbers, uniform in [-1, 1), a function of `seed`; owned by the caller. */
tally_real *random_reals(uint64_t seed, size_t n);

/* The same, but every eighth of them is a zero of either sign, an infinity, a NaN, or
 * too small or too large for most arithmetic. */
tally_real *wild_reals(uint64_t seed, size_t n);

/* All numbers below a JSON value, as tally_real and as int32_t; owned by the caller. */
tally_real *golden_reals(const json_t *json, size_t *count);
int32_t *golden_labels(const json_t *json, size_t *count);

/* Bit for bit the same, one NaN as good as another. */
void expect_same_bits(const char *what, const tally_real *got, const tally_real *want,
                      size_t n);

/* Every |got - want| <= tolerance * (1 + |want|); else the test fails and names the
 * first entry that is not. */
void expect_near(const char *what, const tally_real *got, const double *want, size_t n,
                 double tolerance);

/* The same, against all numbers below a JSON value, which must be n. */
void expect_golden(const char *what, const tally_real *got, size_t n,
                   const json_t *want, double tolerance);

#endif

/* slope.h — a gradient against differences of the function. */

#ifndef TEST_SLOPE_H
#define TEST_SLOPE_H

#include "tally/layout.h"

typedef struct slope_function {
    double (*at)(void *context);
    void *context;
    double rounding; /* of one call: the most that it is off */
} slope_function;

/* The central difference of f along *x against the slope at *x.  Where the slope is
 * monotone in the interval, it lies between the one-sided differences, whose distance
 * is the second difference: that also covers the kink of a relu.  step^2 (1 + |f|) is
 * for a change of the second derivative.  Returns the tolerance. */
double check_slope(const char *what, slope_function f, tally_real *x, double slope);

#endif

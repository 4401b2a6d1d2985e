/* slope.c — a gradient against differences of the function. */

#include "support/slope.h"

#include "support/arrays.h"

#include <criterion/criterion.h>

#include <math.h>

/* The step of a difference: about the cube root of epsilon, a power of two. */
static const double step = REAL_EPSILON > 1e-10 ? 0x1p-6 : 0x1p-20;

double check_slope(const char *what, slope_function f, tally_real *x, double slope)
{
    tally_real old = *x;
    double here = f.at(f.context);

    *x = (tally_real)((double)old + step);
    double span = (double)*x, above = f.at(f.context);

    *x = (tally_real)((double)old - step);
    span -= (double)*x;
    double below = f.at(f.context);

    *x = old;
    double tolerance = 2 * f.rounding / span + step * step * (1 + fabs(here)) +
                       (fabs(above - 2 * here + below) + 2 * f.rounding) / span;

    cr_assert(fabs((above - below) / span - slope) <= tolerance,
              "%s: slope %.12g, difference %.12g, tolerance %.2g", what, slope,
              (above - below) / span, tolerance);
    return tolerance;
}

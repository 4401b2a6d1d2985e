/* staleness.c — smaller steps for older gradients: rate s(tau).
 *
 *     none         s = 1
 *     inverse      s = 1 / max(1, tau)
 *     polynomial   s = (tau + 1)^-power
 *     hinge        s = 1 up to tau = after, then 1 / (power (tau - after) + 1)
 *
 * inverse: Zhang, Gupta, Lian, Liu, Staleness-aware Async-SGD for Distributed Deep
 * Learning, 2016, arXiv:1511.05950, equation 6 with n = 1.  The others: Xie, Koyejo,
 * Gupta, Asynchronous Federated Optimization, 2019, arXiv:1903.03934, section 5.2,
 * which scales the share of an average. */

#include "trainer/server/server.h"

#include <math.h>

enum { NONE, INVERSE, POLYNOMIAL, HINGE };

double tally_staleness_factor(const tally_server *o, uint64_t tau)
{
    double age = (double)tau;

    switch (o->damp) {
    case INVERSE:
        return 1 / fmax(1, age);
    case POLYNOMIAL:
        return pow(age + 1, -o->power);
    case HINGE:
        return age <= (double)o->after ? 1
                                       : 1 / (o->power * (age - (double)o->after) + 1);
    default:
        return 1;
    }
}

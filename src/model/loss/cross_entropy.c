/* cross_entropy.c — minus the logarithm of the probability of the right class.
 *
 *     p = softmax(z),  loss = -ln p[label] = ln sum_j exp(z[j] - m) - (z[label] - m)
 *     dz = weight (p - onehot(label)),         m = max z, so that no exp overflows
 *
 * Bridle, Training Stochastic Model Recognition Algorithms as Networks can lead to
 * Maximum Mutual Information Estimation of Parameters, 1990.
 * A row of z that is not finite has a loss that is not finite, whatever its label. */

#include "model/loss/loss.h"
#include "num/lanes.h"

#include <assert.h>
#include <math.h>

/* e[j] <- exp(z[j] - m) unless e is NULL; returns their sum, taken in order.  e may be
 * z.  NAN when some z is not finite: z - z is 0 else, and NAN then. */
static double exponentials(const tally_real *z, size_t classes, tally_real m,
                           tally_real *e)
{
    double sum = 0;

    for (size_t j = 0; j < classes; j += TALLY_LANES) {
        tally_lanes v = tally_lanes_load(z + j, classes - j);
        tally_lanes power = tally_lanes_exp(v - m) + (v - v);

        for (size_t k = 0; k < TALLY_LANES && j + k < classes; k++)
            sum += (double)power[k];
        if (e) tally_lanes_store(power, e + j, classes - j);
    }
    return sum;
}

static void score(const tally_loss *l, const tally_real *z, const int32_t *label,
                  size_t batch, size_t classes, double weight, tally_real *dz,
                  tally_score *total)
{
    (void)l;
    for (size_t i = 0; i < batch; i++, z += classes) {
        assert(label[i] >= 0 && (size_t)label[i] < classes);
        size_t right = (size_t)label[i], choice = tally_loss_choice(z, classes);
        double m = (double)z[choice], at_right = (double)z[right];
        double sum = exponentials(z, classes, z[choice], dz);

        total->loss_sum += log(sum) - (at_right - m);
        total->correct += choice == right && isfinite(sum);
        if (!dz) continue;
        tally_real factor = (tally_real)(weight / sum);

        for (size_t j = 0; j < classes; j++)
            dz[j] *= factor;
        dz[right] -= (tally_real)weight;
        dz += classes;
    }
    total->count += batch;
}

const tally_loss_ops tally_loss_cross_entropy = {
    .about = {.name = "cross_entropy",
              .brief = "minus the logarithm of the right class's probability",
              .paper = "Bridle 1990"},
    .score = score,
};

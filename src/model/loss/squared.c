/* squared.c — the mean over classes of the squared distance to the one-hot label.
 *
 *     loss = 1/C sum_j (z[j] - [j = label])^2
 *     dz = weight 2/C (z - onehot(label)),    C = classes
 *
 * Its mean over samples is the mean over all entries, as `mse` is elsewhere. */

#include "model/loss/loss.h"

#include <assert.h>
#include <math.h>

static void score(const tally_loss *l, const tally_real *z, const int32_t *label,
                  size_t batch, size_t classes, double weight, tally_real *dz,
                  tally_score *total)
{
    tally_real factor = (tally_real)(2 * weight / (double)classes);

    (void)l;
    for (size_t i = 0; i < batch; i++, z += classes) {
        assert(label[i] >= 0 && (size_t)label[i] < classes);
        size_t right = (size_t)label[i], choice = tally_loss_choice(z, classes);
        double sum = 0;

        for (size_t j = 0; j < classes; j++) {
            tally_real away = z[j] - (tally_real)(j == right);

            sum += (double)away * (double)away;
            if (dz) dz[j] = factor * away;
        }
        total->loss_sum += sum / (double)classes;
        total->correct += choice == right && isfinite(sum);
        if (dz) dz += classes;
    }
    total->count += batch;
}

const tally_loss_ops tally_loss_squared = {
    .about = {.name = "squared",
              .brief = "mean squared distance to the one-hot label",
              .paper = ""},
    .score = score,
};

#include "model/loss/loss.h"

#include "support/arrays.h"
#include "support/expect.h"
#include "support/network.h"
#include "support/slope.h"

#include <math.h>

/* log cosh of the distance to the one-hot label: squared near 0, absolute far away. */
static void score(const tally_loss *l, const tally_real *z, const int32_t *label,
                  size_t batch, size_t classes, double weight, tally_real *dz,
                  tally_score *total)
{
    (void)l;
    for (size_t i = 0; i < batch * classes; i++) {
        size_t row = i / classes;
        double away = (double)z[i] - (i % classes == (size_t)label[row]);

        total->loss_sum += log(cosh(away));
        if (dz) dz[i] = (tally_real)(weight * tanh(away));
    }
    for (size_t r = 0; r < batch; r++)
        total->correct +=
            tally_loss_choice(z + r * classes, classes) == (size_t)label[r];
    total->count += batch;
}

static const tally_loss_ops log_cosh = {
    .about = {.name = "log_cosh", .brief = "smooth absolute distance", .paper = ""},
    .score = score,
};

static double mean_loss(void *context)
{
    network *n = context;
    tally_score total = {0};

    expect_ok(n->f.ops->value(&n->f, n->w, network_samples(n, 9), &total));
    return total.loss_sum / 9;
}

/* A loss of 4 outputs, each a chain of two sums of at most 6 terms below 4. */
Test(loss, a_program_adds_its_own_and_a_network_minimises_it)
{
    network n;
    tally_score total = {0};

    expect_ok(tally_register_loss(&log_cosh));
    network_open(&n, "mlp:hidden=5,activation=tanh", "log_cosh", 9, 4);
    expect_ok(network_gradient(&n, 9, &total));
    cr_assert(eq(u64, total.count, 9));
    slope_function f = {mean_loss, &n, 4 * 2 * 6 * 4 * REAL_EPSILON};
    for (size_t i = 0; i < n.f.layout.length; i++)
        check_slope("log_cosh", f, &n.w[i], (double)n.g[i]);

    double before = mean_loss(&n);
    for (size_t i = 0; i < n.f.layout.length; i++)
        n.w[i] -= (tally_real)(0.1 * (double)n.g[i]);
    cr_assert(lt(dbl, mean_loss(&n), before));
    network_close(&n);
}

Test(loss, a_name_that_is_taken_is_refused)
{
    static tally_loss_ops twin;

    twin = log_cosh;
    twin.about.name = "squared";
    expect_fail(tally_register_loss(&twin), OPTION, "loss squared is already there");
}

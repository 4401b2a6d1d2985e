#include "model/loss/loss.h"
#include "support/arrays.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdlib.h>

/* The golden targets are any numbers, ours are one-hot: z = y - t + onehot(0) has the
 * same distance to its label 0.  A float rounds z (|z| < 8: 4 epsilons) and the two
 * operations after it; a square doubles that, and the mean of 2 |z| 4 epsilons stays
 * under 64. */
static const double tolerance = REAL_EPSILON > 1e-10 ? 64 * REAL_EPSILON : 1e-10;

static void check_golden(const char *name)
{
    json_t *golden = golden_open(name);
    const json_t *rows = golden_at(golden, "inputs.y");
    size_t n, batch = json_array_size(rows);
    double *y = golden_numbers(rows, &n);
    double *t = golden_numbers(golden_at(golden, "inputs.t"), &n);
    double upstream = golden_number(golden, "upstream", NAN);
    double want = golden_number(golden, "output", NAN);
    int32_t *label = calloc(batch, sizeof *label);
    tally_real *z = calloc(n, sizeof *z);
    tally_score score = {0};
    tally_loss l;

    for (size_t i = 0; i < n; i++)
        z[i] = (tally_real)(y[i] - t[i] + (i % (n / batch) == 0));
    expect_ok(tally_loss_open(&l, "squared"));
    l.ops->score(&l, z, label, batch, n / batch, upstream / (double)batch, z, &score);
    cr_assert(
        lt(dbl, fabs(score.loss_sum / (double)batch - want), tolerance * (1 + want)));
    expect_golden("dz", z, n, golden_at(golden, "grads.y"), tolerance);
    tally_loss_close(&l);
    free(y);
    free(t);
    free(label);
    free(z);
    json_decref(golden);
}

Test(squared, case_a_is_as_torch_has_it)
{
    check_golden("layer_mse.a");
}

Test(squared, case_b_is_as_torch_has_it)
{
    check_golden("layer_mse.b");
}

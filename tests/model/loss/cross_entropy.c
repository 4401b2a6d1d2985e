#include "model/loss/loss.h"
#include "support/arrays.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdlib.h>

/* exp and ln are taken in double; a float rounds z (|z| < 8, so 4 epsilons), the power
 * and its factor: under 16 epsilons of values below 1.  Double is held to 1e-10. */
static const double tolerance = REAL_EPSILON > 1e-10 ? 16 * REAL_EPSILON : 1e-10;

static void check_golden(const char *name)
{
    json_t *golden = golden_open(name);
    size_t n, batch;
    tally_real *z = golden_reals(golden_at(golden, "inputs.z"), &n);
    int32_t *label = golden_labels(golden_at(golden, "hyper.labels"), &batch);
    double upstream = golden_number(golden, "upstream", NAN);
    double want = golden_number(golden, "output", NAN);
    tally_score score = {0};
    tally_loss l;

    expect_ok(tally_loss_open(&l, "cross_entropy"));
    l.ops->score(&l, z, label, batch, n / batch, upstream / (double)batch, z, &score);
    cr_assert(eq(u64, score.count, batch));
    cr_assert(
        lt(dbl, fabs(score.loss_sum / (double)batch - want), tolerance * (1 + want)));
    expect_golden("dz", z, n, golden_at(golden, "grads.z"), tolerance);
    tally_loss_close(&l);
    free(z);
    free(label);
    json_decref(golden);
}

Test(cross_entropy, case_a_is_as_torch_has_it)
{
    check_golden("layer_softmax_ce.a");
}

Test(cross_entropy, case_b_is_as_torch_has_it)
{
    check_golden("layer_softmax_ce.b");
}

static tally_score score_row(const tally_real *z, int32_t label, size_t classes,
                             tally_real *dz)
{
    tally_score score = {0};
    tally_loss l;

    expect_ok(tally_loss_open(&l, "cross_entropy"));
    l.ops->score(&l, z, &label, 1, classes, 1, dz, &score);
    tally_loss_close(&l);
    return score;
}

Test(cross_entropy, large_outputs_do_not_overflow)
{
    const tally_real z[3] = {(tally_real)1e30, 0, (tally_real)-1e30};
    tally_real dz[3];
    tally_score right = score_row(z, 0, 3, dz), wrong = score_row(z, 1, 3, NULL);

    cr_assert(eq(dbl, right.loss_sum, 0));
    cr_assert(dz[0] == 0 && dz[1] == 0 && dz[2] == 0);
    cr_assert(eq(dbl, wrong.loss_sum, (double)z[0]));
}

Test(cross_entropy, of_equal_outputs_the_lowest_class_is_chosen)
{
    const tally_real z[4] = {1, 2, 2, 2};

    cr_assert(eq(u64, score_row(z, 1, 4, NULL).correct, 1));
    cr_assert(eq(u64, score_row(z, 2, 4, NULL).correct, 0));
}

/* What every loss promises, registered ones included. */

#include "model/loss/loss.h"
#include "num/isa.h"
#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"
#include "support/slope.h"

#include <math.h>
#include <stdlib.h>

static void each_loss(void (*check)(const char *spec))
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_loss_family, i)); i++)
        check(about->name);
}

enum { BATCH = 3, CLASSES = 5 };

typedef struct lone_loss {
    tally_loss loss;
    tally_real z[BATCH * CLASSES];
    int32_t label[BATCH];
} lone_loss;

static void open_loss(lone_loss *l, const char *spec)
{
    tally_real *z = random_reals(8, BATCH * CLASSES);

    *l = (lone_loss){
        .label = {4, 0, 2}
    };
    memcpy(l->z, z, sizeof l->z);
    free(z);
    expect_ok(tally_loss_open(&l->loss, spec));
}

static tally_score take_score(const lone_loss *l, double weight, tally_real *dz)
{
    tally_score score = {0};

    l->loss.ops->score(&l->loss, l->z, l->label, BATCH, CLASSES, weight, dz, &score);
    return score;
}

static double weigh_losses(void *context)
{
    return 0.25 * take_score(context, 0.25, NULL).loss_sum;
}

/* Each of BATCH losses sums CLASSES terms below 4 in double; z itself is given. */
static void check_loss_slopes(const char *spec)
{
    lone_loss l;
    tally_real dz[BATCH * CLASSES];

    open_loss(&l, spec);
    slope_function f = {weigh_losses, &l, BATCH * CLASSES * 4 * REAL_EPSILON};
    tally_score with = take_score(&l, 0.25, dz), without = take_score(&l, 0.25, NULL);

    cr_assert(eq(dbl, with.loss_sum, without.loss_sum));
    cr_assert(eq(u64, with.count, BATCH));
    for (size_t i = 0; i < BATCH * CLASSES; i++)
        check_slope(spec, f, &l.z[i], (double)dz[i]);
    take_score(&l, 0.25, l.z);
    cr_assert(memcmp(l.z, dz, sizeof dz) == 0, "%s: not the same in place", spec);
    tally_loss_close(&l.loss);
}

Test(loss, dz_is_the_slope_of_the_score_also_in_place)
{
    each_loss(check_loss_slopes);
}

static void check_loss_of_bad_outputs(const char *spec)
{
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    lone_loss l;
    tally_real dz[BATCH * CLASSES];

    open_loss(&l, spec);
    for (size_t i = 0; i < BATCH * CLASSES; i++)
        for (size_t k = 0; k < 3; k++) {
            tally_real old = l.z[i];

            l.z[i] = (tally_real)bad[k];
            cr_assert(isfinite(take_score(&l, 1, dz).loss_sum) == 0, "%s: z=%g", spec,
                      bad[k]);
            cr_assert(le(u64, take_score(&l, 1, dz).correct, BATCH));
            l.z[i] = old;
        }
    for (size_t i = 0; i < BATCH * CLASSES; i++)
        l.z[i] = (tally_real)NAN;
    cr_assert(eq(u64, take_score(&l, 1, dz).correct, 0));
    tally_loss_close(&l.loss);
}

Test(loss, outputs_that_are_not_finite_give_a_loss_that_is_not)
{
    each_loss(check_loss_of_bad_outputs);
}

static void check_loss_counts(const char *spec)
{
    lone_loss l;

    open_loss(&l, spec);
    for (size_t i = 0; i < BATCH * CLASSES; i++)
        l.z[i] = 1;
    cr_assert(eq(u64, take_score(&l, 1, NULL).correct, 1), "%s: ties", spec);
    for (size_t i = 0; i < BATCH; i++)
        l.z[i * CLASSES + (size_t)l.label[i]] = 2;
    cr_assert(eq(u64, take_score(&l, 1, NULL).correct, BATCH), "%s", spec);
    tally_loss_close(&l.loss);
}

Test(loss, correct_counts_the_largest_output_lowest_of_equals)
{
    each_loss(check_loss_counts);
}

/* 50 rows of up to 70 classes, a quarter of the rows with values that are not finite.
 */
static tally_score score_wildly(const char *spec, tally_isa isa, uint64_t round,
                                size_t classes, tally_real *dz)
{
    enum { ROWS = 50 };

    tally_real *tame = random_reals(round, ROWS * classes);
    tally_real *wild = wild_reals(round, ROWS / 4 * classes);
    tally_score score = {0};
    int32_t label[ROWS];
    tally_loss l;

    memcpy(tame, wild, ROWS / 4 * classes * sizeof *tame);
    for (size_t i = 0; i < ROWS; i++)
        label[i] = (int32_t)(i % classes);
    tally_isa_use(isa);
    expect_ok(tally_loss_open(&l, spec));
    l.ops->score(&l, tame, label, ROWS / 4, classes, 0.02, dz, &(tally_score){0});
    l.ops->score(&l, tame + ROWS / 4 * classes, label, ROWS - ROWS / 4, classes, 0.02,
                 dz + ROWS / 4 * classes, &score);
    tally_loss_close(&l);
    free(tame);
    free(wild);
    return score;
}

static void check_loss_on_every_isa(const char *spec)
{
    static tally_real a[50 * 70], b[50 * 70];

    for (uint64_t round = 0; round < 50; round++)
        for (int isa = TALLY_PORTABLE + 1; isa <= (int)tally_isa_best(); isa++) {
            size_t classes = 1 + tally_random(7, TALLY_FOR_TESTS, round, 0) % 70;
            tally_score x = score_wildly(spec, TALLY_PORTABLE, round, classes, a);
            tally_score y = score_wildly(spec, (tally_isa)isa, round, classes, b);

            expect_same_bits(spec, b, a, 50 * classes);
            cr_assert(eq(dbl, x.loss_sum, y.loss_sum));
            cr_assert(eq(u64, x.correct, y.correct));
        }
}

Test(loss, every_instruction_set_gives_the_same_bits)
{
    each_loss(check_loss_on_every_isa);
}

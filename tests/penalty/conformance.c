/* conformance.c — what every penalty promises, checked over every member. */

#include "tally/penalty.h"

#include "num/random.h"
#include "support/expect.h"
#include "support/slope.h"

#include <math.h>

enum { D = 41 };

/* 17 weights that decay, 5 that do not, 19 that do. */
static tally_layout mixed(void)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "a", TALLY_WEIGHT, 1, (size_t[]){17}));
    expect_ok(tally_layout_add(&layout, "b", TALLY_GAIN, 1, (size_t[]){5}));
    expect_ok(tally_layout_add(&layout, "c", TALLY_WEIGHT, 1, (size_t[]){19}));
    return layout;
}

/* Between -2 and 2, and no closer to 0 than 1/8: far from any kink. */
static void fill(tally_real *w)
{
    for (size_t i = 0; i < D; i++) {
        double u = 4 * tally_random_uniform(5, TALLY_FOR_TESTS, 0, i) - 2;

        w[i] = (tally_real)(u + (u < 0 ? -0.125 : 0.125));
    }
}

typedef struct trial {
    tally_layout layout;
    tally_penalty p;
    tally_real w[D];
} trial;

static void trial_open(trial *x, const char *name)
{
    *x = (trial){.layout = mixed()};
    expect_ok(tally_penalty_open(&x->p, name));
    fill(x->w);
}

static void trial_close(trial *x)
{
    tally_penalty_close(&x->p);
    tally_layout_close(&x->layout);
}

static double value(void *context)
{
    trial *x = context;
    tally_real g[D] = {0};

    return tally_penalty_add(&x->p, &x->layout, (tally_span){0, D}, 0, x->w, g);
}

/* A value is a sum of D terms of at most 4, each rounded in double. */
Test(penalty_conformance, the_slope_is_that_of_the_value)
{
    const tally_about *about;

    for (size_t m = 0; (about = tally_family_at(&tally_penalty_family, m)); m++) {
        tally_real g[D] = {0};
        trial x;

        trial_open(&x, about->name);
        tally_penalty_add(&x.p, &x.layout, (tally_span){0, D}, 1, x.w, g);
        for (size_t i = 0; i < D; i++)
            check_slope(about->name, (slope_function){value, &x, 4 * D * D * 0x1p-53},
                        &x.w[i], (double)g[i]);
        trial_close(&x);
    }
}

Test(penalty_conformance, spans_add_up_and_touch_only_what_decays)
{
    const tally_about *about;

    for (size_t m = 0; (about = tally_family_at(&tally_penalty_family, m)); m++) {
        for (size_t cut = 0; cut <= D; cut++) {
            tally_real whole[D] = {0}, parts[D] = {0};
            double sum, is;
            trial x;

            trial_open(&x, about->name);
            is =
                tally_penalty_add(&x.p, &x.layout, (tally_span){0, D}, 0.5, x.w, whole);
            sum = tally_penalty_add(&x.p, &x.layout, (tally_span){cut, D - cut}, 0.5,
                                    x.w, parts);
            sum += tally_penalty_add(&x.p, &x.layout, (tally_span){0, cut}, 0.5, x.w,
                                     parts);
            cr_assert(epsilon_eq(dbl, sum, is, 4 * D * D * 0x1p-53));
            cr_assert(lt(dbl, 0, is));
            for (size_t i = 0; i < D; i++) {
                cr_assert(eq(dbl, (double)parts[i], (double)whole[i]));
                bool touched = fabs((double)whole[i]) > 0;

                cr_assert(touched == tally_layout_tensor(&x.layout, i)->decays);
            }
            trial_close(&x);
        }
    }
}

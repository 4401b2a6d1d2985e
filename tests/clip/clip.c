#include "tally/schedule.h"

#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* In single precision a value is rounded when it is read, by the factor and by the
 * product: three times 2^-24 of itself.  The norm of rounded values is off by 2^-24. */
static double relative(void)
{
    return sizeof(tally_real) == sizeof(double) ? 1e-12 : 4 * 0x1p-24;
}

/* The files have a norm where that is bounded; else it is the greatest value. */
static double norm_at(const json_t *problem, size_t t, const double *g, size_t d)
{
    const json_t *norms = golden_at(problem, "total_norm");
    double most = 0;

    if (norms) return json_number_value(json_array_get(norms, t));
    for (size_t i = 0; i < d; i++)
        most = fmax(most, fabs(g[i]));
    return most;
}

static void check_problem(const tally_clip *c, const json_t *problem)
{
    size_t count, steps = json_array_size(golden_at(problem, "g"));
    double *raw = golden_numbers(golden_at(problem, "g"), &count);
    double *bound = golden_numbers(golden_at(problem, "g_clipped"), &count);
    size_t d = count / steps;
    tally_real *v = tally_allocate(d, sizeof *v);

    for (size_t t = 0; t < steps; t++) {
        double norm, expected = norm_at(problem, t, raw + t * d, d);

        for (size_t i = 0; i < d; i++)
            v[i] = (tally_real)raw[t * d + i];
        expect_ok(c->ops->bound(c, v, d, &norm));
        cr_assert(epsilon_eq(dbl, norm, expected, relative() * expected));
        for (size_t i = 0; i < d; i++) {
            double should = bound[t * d + i];

            cr_assert(epsilon_eq(dbl, (double)v[i], should,
                                 relative() * (1e-3 + fabs(should))));
        }
    }
    free(raw);
    free(bound);
    free(v);
}

/* spec_but_max: "norm:order=2,max=", say. */
static void check(const char *name, const char *spec_but_max)
{
    for (char which = 'a'; which <= 'b'; which++) {
        char file[64], spec[128];
        const char *problem;
        json_t *value;
        tally_clip c;

        snprintf(file, sizeof file, "%s.%c", name, which);
        json_t *json = golden_open(file);
        const json_t *hyper = golden_at(json, "hyper.clip");
        snprintf(spec, sizeof spec, "%s%s", spec_but_max,
                 json_string_value(json_array_get(hyper, 1)));
        expect_ok(tally_clip_open(&c, spec));
        json_object_foreach(json_object_get(json, "problems"), problem, value)
        {
            check_problem(&c, value);
        }
        tally_clip_close(&c);
        json_decref(json);
    }
}

Test(clip, norm_is_torch_clip)
{
    check("clip_norm", "norm:max=");
}

Test(clip, norm_inf_is_torch_clip)
{
    check("clip_norm_inf", "norm:order=inf,max=");
}

Test(clip, value_is_torch_clip)
{
    check("clip_value", "value:max=");
}

Test(clip, what_is_short_enough_stays_bit_for_bit)
{
    tally_real v[11], before[11];
    double norm;
    tally_clip c;

    for (size_t i = 0; i < 11; i++)
        before[i] = v[i] = (tally_real)0.1;
    expect_ok(tally_clip_open(&c, "norm:max=0.4"));
    expect_ok(c.ops->bound(&c, v, 11, &norm));
    cr_assert(memcmp(v, before, sizeof v) == 0);
    cr_assert(epsilon_eq(dbl, norm, 0.1 * sqrt(11), 1e-7));
    tally_clip_close(&c);
}

Test(clip, a_norm_that_is_not_finite_bounds_nothing)
{
    const tally_real bad[] = {(tally_real)NAN, (tally_real)INFINITY};
    const char *const specs[] = {"norm", "norm:order=inf", "value"};

    for (size_t i = 0; i < 6; i++) {
        tally_real v[3] = {7, bad[i % 2], 8};
        double norm;
        tally_clip c;

        expect_ok(tally_clip_open(&c, specs[i / 2]));
        expect_ok(c.ops->bound(&c, v, 3, &norm));
        cr_assert(isfinite(norm) == 0);
        cr_assert(eq(dbl, (double)v[0], 7));
        cr_assert(eq(dbl, (double)v[2], 8));
        tally_clip_close(&c);
    }
}

Test(clip, the_scope_is_the_first_option)
{
    tally_clip c;

    expect_ok(tally_clip_open(&c, "none"));
    cr_assert(c.ops == NULL);
    cr_assert(eq(int, (int)tally_clip_scope_of(&c), (int)TALLY_CLIP_AGREED));
    tally_clip_close(&c);
    expect_ok(tally_clip_open(&c, "norm"));
    cr_assert(eq(int, (int)tally_clip_scope_of(&c), (int)TALLY_CLIP_AGREED));
    tally_clip_close(&c);
    expect_ok(tally_clip_open(&c, "norm:scope=local"));
    cr_assert(eq(int, (int)tally_clip_scope_of(&c), (int)TALLY_CLIP_LOCAL));
    tally_clip_close(&c);
}

Test(clip, what_makes_no_sense_is_refused)
{
    static const tally_clip_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };
    tally_clip c;

    expect_fail(tally_clip_open(&c, "norm:max=0"), OPTION, "max=0 is not in (0, inf)");
    tally_clip_close(&c);
    expect_fail(tally_clip_open(&c, "nrm"), OPTION, "did you mean norm?");
    tally_clip_close(&c);
    expect_fail(tally_register_clip(&empty), OPTION, "clip empty has no bound");
}

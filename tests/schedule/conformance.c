/* conformance.c — what every schedule promises, checked over every member of the
 * family. */

#include "tally/schedule.h"

#include "support/expect.h"

#include <math.h>

enum { STEPS = 40 };

static void each_schedule(void (*check)(const char *spec))
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_schedule_family, i)); i++)
        check(about->name);
    check("step:every=3,factor=0.5");
    check("cosine:least=0.25");
}

static tally_schedule schedule_of(const char *spec, double rate, uint64_t warmup,
                                  uint64_t steps)
{
    tally_schedule s;

    expect_ok(tally_schedule_open(&s, spec, rate, warmup, steps));
    return s;
}

/* Steps past the end are asked of it too: a run may go on with more. */
static void check_factors(const char *spec)
{
    tally_schedule s = schedule_of(spec, 1, 0, STEPS);

    cr_assert(eq(dbl, s.ops->factor(s.options, 0, STEPS), 1), "%s starts low", spec);
    for (uint64_t t = 0; t < 2 * STEPS; t++) {
        double factor = s.ops->factor(s.options, t, STEPS);

        cr_assert(isfinite(factor) && factor >= 0 && factor <= 1, "%s: %g at %d", spec,
                  factor, (int)t);
        cr_assert(eq(dbl, s.ops->factor(s.options, t, STEPS), factor));
    }
    tally_schedule_close(&s);
}

Test(schedule_conformance, factors_start_at_one_and_stay_in_bounds)
{
    each_schedule(check_factors);
}

/* Factors are at most 1: the product is rounded once, and 3 is off by none. */
static void check_scales(const char *spec)
{
    tally_schedule one = schedule_of(spec, 1, 0, STEPS);
    tally_schedule three = schedule_of(spec, 3, 0, STEPS);

    for (uint64_t t = 0; t < STEPS; t++)
        cr_assert(fabs(tally_schedule_rate(&three, t) -
                       3 * tally_schedule_rate(&one, t)) <= 3 * 0x1p-52,
                  "%s at %d", spec, (int)t);
    tally_schedule_close(&one);
    tally_schedule_close(&three);
}

Test(schedule_conformance, the_rate_is_the_base_rate_times_the_factor)
{
    each_schedule(check_scales);
}

/* rate (t + 1) / warmup, then the schedule of a run that is so much shorter. */
static void check_warmup(const char *spec)
{
    enum { WARMUP = 7 };

    tally_schedule warm = schedule_of(spec, 0.5, WARMUP, STEPS + WARMUP);
    tally_schedule cold = schedule_of(spec, 0.5, 0, STEPS);

    for (uint64_t t = 0; t < WARMUP; t++)
        cr_assert(fabs(tally_schedule_rate(&warm, t) -
                       0.5 * (double)(t + 1) / WARMUP) <= 0x1p-52,
                  "%s at %d", spec, (int)t);
    for (uint64_t t = 0; t < STEPS; t++)
        cr_assert(eq(dbl, tally_schedule_rate(&warm, WARMUP + t),
                     tally_schedule_rate(&cold, t)),
                  "%s at %d", spec, (int)t);
    tally_schedule_close(&warm);
    tally_schedule_close(&cold);
}

Test(schedule_conformance, warmup_comes_before_and_shifts_the_rest)
{
    each_schedule(check_warmup);
}

Test(schedule_conformance, defaults_lie_in_their_ranges_and_print_back)
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_schedule_family, i)); i++) {
        char text[256], again[256];
        void *options, *copy;

        cr_assert(about->brief[0] && about->paper);
        expect_ok(tally_options_open(about->name, about, NULL, &options));
        expect_ok(tally_options_print(about, options, text, sizeof text));
        expect_ok(tally_options_open(about->name, about, text, &copy));
        expect_ok(tally_options_print(about, copy, again, sizeof again));
        cr_assert(eq(str, text, again));
        tally_options_close(about, options);
        tally_options_close(about, copy);
    }
}

#include "tally/schedule.h"

#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* lr[t] of the file is the rate of step t, counted from 0. */
static void check_rates(const json_t *json, const tally_schedule *s)
{
    size_t count;
    double *rate = golden_numbers(golden_at(json, "lr"), &count);

    for (size_t t = 0; t < count; t++)
        cr_assert(epsilon_eq(dbl, tally_schedule_rate(s, t), rate[t], 1e-12),
                  "%s at %zu", s->ops->about.name, t);
    free(rate);
}

Test(schedule, step_is_torch_step)
{
    for (size_t i = 0; i < 2; i++) {
        json_t *json = golden_open(i ? "sched_step.b" : "sched_step.a");
        char spec[128];
        tally_schedule s;

        snprintf(spec, sizeof spec, "step:every=%g,factor=%.17g",
                 golden_number(json, "hyper.step_size", 0),
                 golden_number(json, "hyper.gamma", 0));
        expect_ok(tally_schedule_open(&s, spec, golden_number(json, "hyper.base_lr", 0),
                                      0, 20));
        check_rates(json, &s);
        tally_schedule_close(&s);
        json_decref(json);
    }
}

Test(schedule, cosine_is_torch_cosine)
{
    for (size_t i = 0; i < 2; i++) {
        json_t *json = golden_open(i ? "sched_cosine.b" : "sched_cosine.a");
        double rate = golden_number(json, "hyper.base_lr", 0);
        char spec[128];
        tally_schedule s;

        snprintf(spec, sizeof spec, "cosine:least=%.17g",
                 golden_number(json, "hyper.eta_min", 0) / rate);
        expect_ok(tally_schedule_open(&s, spec, rate, 0,
                                      (uint64_t)golden_number(json, "hyper.T_max", 0)));
        check_rates(json, &s);
        tally_schedule_close(&s);
        json_decref(json);
    }
}

Test(schedule, warmup_then_cosine)
{
    for (size_t i = 0; i < 2; i++) {
        json_t *json =
            golden_open(i ? "sched_warmup_cosine.b" : "sched_warmup_cosine.a");
        tally_schedule s;

        expect_ok(tally_schedule_open(&s, "cosine",
                                      golden_number(json, "hyper.base_lr", 0),
                                      (uint64_t)golden_number(json, "hyper.warmup", 0),
                                      (uint64_t)golden_number(json, "hyper.total", 0)));
        check_rates(json, &s);
        tally_schedule_close(&s);
        json_decref(json);
    }
}

Test(schedule, invsqrt_counts_from_the_end_of_warmup)
{
    for (size_t i = 0; i < 2; i++) {
        json_t *json =
            golden_open(i ? "sched_invsqrt_seed2.b" : "sched_invsqrt_seed2.a");
        tally_schedule s;

        expect_ok(tally_schedule_open(&s, "invsqrt",
                                      golden_number(json, "hyper.base_lr", 0), 0, 20));
        check_rates(json, &s);
        tally_schedule_close(&s);
        json_decref(json);
    }
}

Test(schedule, invsqrt_after_warmup_goes_on_where_it_ends)
{
    for (size_t i = 0; i < 2; i++) {
        json_t *json =
            golden_open(i ? "sched_warmup_invsqrt.b" : "sched_warmup_invsqrt.a");
        double warmup = golden_number(json, "hyper.warmup", 0);
        char spec[64];
        tally_schedule s;

        snprintf(spec, sizeof spec, "invsqrt:after=%g", warmup);
        expect_ok(tally_schedule_open(&s, spec, golden_number(json, "hyper.base_lr", 0),
                                      (uint64_t)warmup, 20));
        check_rates(json, &s);
        tally_schedule_close(&s);
        json_decref(json);
    }
}

Test(schedule, a_scaled_rate_is_reached_from_the_reference)
{
    for (size_t i = 0; i < 2; i++) {
        json_t *json = golden_open(i ? "sched_linear_scaling_warmup.b"
                                     : "sched_linear_scaling_warmup.a");
        double rate = golden_number(json, "hyper.ref_lr", 0);
        double factor = tally_scaling_factor(
            TALLY_SCALING_LINEAR, (uint64_t)golden_number(json, "hyper.batch", 0),
            (uint64_t)golden_number(json, "hyper.ref_batch", 0));
        tally_schedule s;

        expect_ok(tally_schedule_open(&s, "constant", rate * factor,
                                      (uint64_t)golden_number(json, "hyper.warmup", 0),
                                      20));
        s.start = rate;
        check_rates(json, &s);
        tally_schedule_close(&s);
        json_decref(json);
    }
}

Test(schedule, scaling_is_by_the_batch_or_its_root)
{
    cr_assert(eq(dbl, tally_scaling_factor(TALLY_SCALING_NONE, 64, 16), 1));
    cr_assert(eq(dbl, tally_scaling_factor(TALLY_SCALING_LINEAR, 64, 16), 4));
    cr_assert(eq(dbl, tally_scaling_factor(TALLY_SCALING_SQRT, 64, 16), 2));
}

Test(schedule, constant_is_the_base_rate_after_warmup)
{
    tally_schedule s;

    expect_ok(tally_schedule_open(&s, "constant", 0.5, 2, 4));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 0), 0.25));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 1), 0.5));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 3), 0.5));
    tally_schedule_close(&s);
}

Test(schedule, step_counts_from_the_end_of_warmup)
{
    tally_schedule s;

    expect_ok(tally_schedule_open(&s, "step:every=3,factor=0.5", 1, 2, 20));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 4), 1));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 5), 0.5));
    tally_schedule_close(&s);
}

Test(schedule, cosine_stays_down_past_the_end)
{
    tally_schedule s;

    expect_ok(tally_schedule_open(&s, "cosine:least=0.25", 2, 0, 10));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 10), 0.5));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 1000), 0.5));
    tally_schedule_close(&s);
}

Test(schedule, a_run_of_warmup_alone_never_asks_the_schedule)
{
    tally_schedule s;

    expect_ok(tally_schedule_open(&s, "cosine", 1, 4, 4));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 3), 1));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 4), 0));
    tally_schedule_close(&s);
}

Test(schedule, what_makes_no_sense_is_refused)
{
    static const tally_schedule_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };
    tally_schedule s = {0};

    tally_schedule_close(&s);
    expect_fail(tally_schedule_open(&s, "cosin", 1, 0, 1), OPTION,
                "did you mean cosine?");
    tally_schedule_close(&s);
    expect_fail(tally_schedule_open(&s, "constant", -1, 0, 1), OPTION,
                "rate=-1 is not in [0, inf)");
    expect_fail(tally_schedule_open(&s, "constant", NAN, 0, 1), OPTION, "rate=");
    expect_fail(tally_schedule_open(&s, "constant", 1, 9, 8), OPTION,
                "warmup=9 is longer than the run of 8 steps");
    expect_fail(tally_register_schedule(&empty), OPTION, "has no factor");
}

static double half(const void *options, uint64_t step, uint64_t steps)
{
    (void)options, (void)step, (void)steps;
    return 0.5;
}

Test(schedule, a_program_adds_its_own)
{
    static const tally_schedule_ops mine = {
        .about = {.name = "half", .brief = "half the rate", .paper = ""},
        .factor = half
    };
    tally_schedule s;

    expect_ok(tally_register_schedule(&mine));
    expect_ok(tally_schedule_open(&s, "half", 3, 0, 1));
    cr_assert(eq(dbl, tally_schedule_rate(&s, 0), 1.5));
    tally_schedule_close(&s);
}

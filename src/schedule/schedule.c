/* schedule.c — the family of schedules, and the warm-up that all of them share.
 *
 *     rate_t = rate (t + 1) / warmup                                t < warmup
 *     rate_t = rate factor(t - warmup, steps - warmup)              else
 *
 * Goyal et al., Accurate, Large Minibatch SGD, 2017, arXiv:1706.02677, section 2.2: the
 * first step has rate / warmup, the last one of the warm-up the whole rate. */

#include "schedule/schedule.h"

#include <math.h>

static const tally_about *const members[] = {
#define SCHEDULE(name) &tally_schedule_##name.about,
#include "schedule/list.def"
#undef SCHEDULE
    NULL};

const tally_family tally_schedule_family = {
    .name = "schedule",
    .flag = "--schedule",
    .brief = "the rate over time",
    .members = members,
};

tally_status tally_register_schedule(const tally_schedule_ops *ops)
{
    if (!ops->factor)
        return TALLY_FAIL(OPTION, "schedule %s has no factor", ops->about.name);
    return tally_family_register(&tally_schedule_family, &ops->about);
}

tally_status tally_schedule_open(tally_schedule *s, const char *spec, double rate,
                                 uint64_t warmup, uint64_t steps)
{
    const tally_about *about;

    *s = (tally_schedule){.rate = rate, .warmup = warmup, .steps = steps};
    if (!(rate >= 0 && isfinite(rate)))
        return TALLY_FAIL(OPTION, "schedule: rate=%g is not in [0, inf)", rate);
    if (warmup > steps)
        return TALLY_FAIL(OPTION,
                          "schedule: warmup=%llu is longer than the run of %llu steps",
                          (unsigned long long)warmup, (unsigned long long)steps);
    TALLY_TRY(tally_family_open(&tally_schedule_family, spec, &about, &s->options));
    s->ops = (const tally_schedule_ops *)about;
    return TALLY_OK;
}

void tally_schedule_close(tally_schedule *s)
{
    if (s->ops) tally_options_close(&s->ops->about, s->options);
    *s = (tally_schedule){0};
}

double tally_schedule_rate(const tally_schedule *s, uint64_t step)
{
    if (step < s->warmup) return s->rate * (double)(step + 1) / (double)s->warmup;
    return s->rate * s->ops->factor(s->options, step - s->warmup, s->steps - s->warmup);
}

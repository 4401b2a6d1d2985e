/* schedule.c — the family of schedules, and the warm-up that all of them share.
 *
 *     rate_t = rate (t + 1) / warmup                           t < warmup, start = 0
 *     rate_t = start + (rate - start) t / warmup               t < warmup, start > 0
 *     rate_t = rate factor(t - warmup, steps - warmup)         else
 *
 *     scaling   linear: rate = start batch / reference;  sqrt: start sqrt(of that)
 *
 * Goyal et al., Accurate, Large Minibatch SGD, 2017, arXiv:1706.02677, sections 2.1 and
 * 2.2: the rate grows with the batch, and the warm-up goes from the rate of the
 * reference batch to the scaled one.  Without scaling there is nothing to start from:
 * the first step has rate / warmup, the last one of the warm-up the whole rate.
 * Krizhevsky, One Weird Trick for Parallelizing Convolutional Neural Networks, 2014,
 * arXiv:1404.5997, section 5, has the square root. */

#include "schedule/schedule.h"

#include "base/text.h"

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
                          "schedule: warmup=%llu is longer than the run of %llu step%s",
                          (unsigned long long)warmup, (unsigned long long)steps,
                          tally_text_plural(steps));
    TALLY_TRY(tally_family_open(&tally_schedule_family, spec, &about, &s->options));
    s->ops = (const tally_schedule_ops *)about;
    return TALLY_OK;
}

void tally_schedule_close(tally_schedule *s)
{
    if (s->ops) tally_options_close(&s->ops->about, s->options);
    *s = (tally_schedule){0};
}

double tally_scaling_factor(tally_scaling scaling, uint64_t batch, uint64_t reference)
{
    double ratio = (double)batch / (double)reference;

    if (scaling == TALLY_SCALING_NONE) return 1;
    return scaling == TALLY_SCALING_LINEAR ? ratio : sqrt(ratio);
}

double tally_schedule_rate(const tally_schedule *s, uint64_t step)
{
    double share = s->warmup ? (double)step / (double)s->warmup : 1;

    if (step < s->warmup && s->start > 0)
        return s->start + (s->rate - s->start) * share;
    if (step < s->warmup) return s->rate * (double)(step + 1) / (double)s->warmup;
    return s->rate * s->ops->factor(s->options, step - s->warmup, s->steps - s->warmup);
}

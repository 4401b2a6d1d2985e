/* target.c — training until so much is right: when a run got there, and what it had
 * sent by then. */

#include "cli/bench/target.h"

tally_split bench_target_rows(const tally_run *run)
{
    return run->sampler.validate_count ? TALLY_VALIDATE : TALLY_TEST;
}

tally_status bench_target_check(const bench_target *t, const tally_run *run)
{
    if (!run->f->source || !run->f->classifies)
        return TALLY_FAIL(OPTION,
                          "target=%g: there is no accuracy: %s is no loss of classes",
                          t->accuracy, run->options->loss);
    if (!run->sampler.validate_count && !run->sampler.test_count)
        return TALLY_FAIL(OPTION,
                          "target=%g: %s has no test rows: hold rows out, --validate N",
                          t->accuracy, run->options->data);
    return TALLY_OK;
}

static bool is_due(const bench_target *t, const tally_run *run)
{
    uint64_t tenth = run->steps_per_epoch / 10;
    uint64_t every = t->every ? t->every : tenth ? tenth : 1;

    return run->step % every == 0 || run->step == run->steps;
}

tally_status bench_target_look(const bench_target *t, tally_run *run, double bytes,
                               bench_arrival *a)
{
    double seconds = run->spent.steps;
    tally_score score;

    if (run->enough || !is_due(t, run)) return TALLY_OK;
    TALLY_TRY(tally_run_score(run, bench_target_rows(run), &score));
    double accuracy = (double)score.correct / (double)score.count;

    if (accuracy > a->best) a->best = accuracy;
    if (accuracy < t->accuracy) return TALLY_OK;
    run->enough = true;
    *a = (bench_arrival){accuracy, 1, seconds, (double)run->step, bytes};
    return TALLY_OK;
}

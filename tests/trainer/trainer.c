#include "support/errand.h"
#include "support/expect.h"

/* Adds one to the first weight in each step: enough to see who owned the loop. */
static tally_status walk(tally_run *run)
{
    while (run->step < run->steps) {
        tally_score score = {.loss_sum = (double)run->w[0], .count = 1};

        run->w[0] += 1;
        run->step++;
        TALLY_TRY(run->after_step(run, &score, 0.5, false));
    }
    return TALLY_OK;
}

static const tally_trainer_ops walker = {
    .about = {.name = "walker", .brief = "counts in a weight", .paper = ""},
    .train = walk,
};

Test(trainer, a_program_adds_its_own)
{
    errand e = {.settings = "trainer=walker steps=9"};

    expect_ok(tally_register_trainer(&walker));
    expect_fail(tally_register_trainer(&walker), OPTION,
                "trainer walker is already there");
    expect_ok(errand_run(&e, "sim:ranks=2"));
    for (int r = 0; r < 2; r++) {
        cr_assert(eq(int, (int)(e.rank[r].w[0] + (tally_real)0.5), 9));
        cr_assert(eq(u64, e.rank[r].result.steps, 9));
        cr_assert(eq(u64, e.rank[r].result.samples, 9));
        cr_assert(eq(sz, e.rank[r].call[0].count, 0));
    }
    errand_close(&e);
}

Test(trainer, a_wrong_name_gets_the_nearest_one)
{
    errand e = {.settings = "trainer=lockstop steps=9"};

    expect_fail(errand_run(&e, "self"), OPTION, "did you mean lockstep?");
    errand_close(&e);
}

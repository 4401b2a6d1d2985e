#include "tally/objective.h"

#include "support/expect.h"

static int closed;

static void count_close(tally_objective *f)
{
    (void)f;
    closed++;
}

Test(objective, closing_what_was_never_opened_does_nothing)
{
    tally_objective f = {0};

    tally_objective_close(&f);
    tally_objective_close(&f);
}

Test(objective, closing_twice_closes_once)
{
    static const tally_objective_ops ops = {.name = "test", .close = count_close};
    tally_objective f = {.ops = &ops};

    expect_ok(tally_layout_add(&f.layout, "w", TALLY_WEIGHT, 1, (const size_t[]){3}));
    tally_objective_close(&f);
    tally_objective_close(&f);
    cr_assert(eq(int, closed, 1));
    cr_assert(f.layout.tensors == NULL);
}

/* Which rank the others wait for. */

#include "trainer/straggler.h"

#include "support/expect.h"

enum { RANKS = 4 };

static const char *host_of(const void *context, int rank)
{
    return ((const char *const *)context)[rank];
}

/* How many steps of a second it takes until a rank is named; -1 if none is in 100. */
static int steps_until(const float *computed, const float *starved, int size, int rank,
                       const char *words)
{
    static const char *const hosts[RANKS] = {"a", "b", "c", "d"};
    trainer_straggler s;
    step_report all[RANKS] = {0};
    char sentence[512] = "";
    int found = -1, steps = 0;

    expect_ok(trainer_straggler_open(&s, size, 5));
    for (int r = 0; r < size; r++) {
        all[r].computed = computed[r];
        all[r].starved = starved ? starved[r] : 0;
    }
    while (found < 0 && steps < 100) {
        steps++;
        found = trainer_straggler_add(&s, all, 1, host_of, hosts, sentence,
                                      sizeof sentence);
    }
    trainer_straggler_close(&s);
    cr_assert(eq(int, found, rank));
    cr_assert(eq(str, sentence, (char *)words));
    return found < 0 ? -1 : steps;
}

Test(straggler, a_rank_that_computes_longer_is_named_with_its_host)
{
    float late[] = {0.1F, 0.12F, 0.5F, 0.11F}, of_two[] = {0.4F, 0.1F};

    cr_assert(eq(int,
                 steps_until(late, NULL, 4, 2,
                             "rank 2 on c computes 500 ms a step, the others 110: they "
                             "wait for it 39 % of the time"),
                 20));
    cr_assert(eq(int,
                 steps_until(of_two, NULL, 2, 0,
                             "rank 0 on a computes 400 ms a step, the others 100: they "
                             "wait for it 30 % of the time"),
                 20));
}

Test(straggler, a_rank_without_a_processor_is_told_from_slow_code)
{
    float computed[] = {0.1F, 0.5F, 0.1F}, waits[] = {0, 0.4F, 0},
          both[] = {0, 0.3F, 0}, nearly[] = {0, 0.37F, 0},
          seldom[] = {0.09F, 0.05F, 0.09F};

    steps_until(computed, waits, 3, 1,
                "rank 1 on b computes 500 ms a step, the others 100: they wait for it "
                "40 % of the time; for 80 % of that it had no processor: start fewer "
                "ranks or threads there, or free its processors");
    steps_until(computed, both, 3, 1,
                "rank 1 on b computes 500 ms a step, the others 100: they wait for it "
                "40 % of the time; for 60 % of that it had no processor, and it is "
                "slower without that too");
    steps_until(computed, nearly, 3, 1,
                "rank 1 on b computes 500 ms a step, the others 100: they wait for it "
                "40 % of the time; for 74 % of that it had no processor: start fewer "
                "ranks or threads there, or free its processors");
    steps_until(computed, seldom, 3, 1,
                "rank 1 on b computes 500 ms a step, the others 100: they wait for it "
                "40 % of the time");
}

Test(straggler, what_costs_little_is_not_told)
{
    float even[] = {0.5F, 0.6F, 0.7F, 0.6F}, little[] = {0.01F, 0.01F, 0.1F, 0.01F},
          one[] = {5};

    steps_until(even, NULL, 4, -1, "");
    steps_until(little, NULL, 4, -1, "");
    steps_until(one, NULL, 1, -1, "");
}

Test(straggler, a_rank_is_named_once)
{
    trainer_straggler s;
    step_report all[3] = {{.computed = 1}, {.computed = 0.1F}, {.computed = 0.1F}};
    char sentence[512];
    int told = 0;

    expect_ok(trainer_straggler_open(&s, 3, 5));
    for (int step = 0; step < 200; step++)
        told += trainer_straggler_add(&s, all, 1, NULL, NULL, sentence,
                                      sizeof sentence) == 0;
    cr_assert(eq(int, told, 1));
    trainer_straggler_close(&s);
}

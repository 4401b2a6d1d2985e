/* Which rank the others wait for. */

#include "trainer/straggler.h"

#include "support/expect.h"

enum { RANKS = 4 };

static const char *host_of(const void *context, int rank)
{
    return ((const char *const *)context)[rank];
}

/* How many steps of a second it takes until a rank is named; -1 if none is in 100. */
static int steps_until(const double *computed, int size, int rank, const char *words)
{
    static const char *const hosts[RANKS] = {"a", "b", "c", "d"};
    trainer_straggler s;
    step_report all[RANKS] = {0};
    char sentence[256] = "";
    int found = -1, steps = 0;

    expect_ok(trainer_straggler_open(&s, size, 5));
    for (int r = 0; r < size; r++)
        all[r].computed = computed[r];
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
    double late[] = {0.1, 0.12, 0.5, 0.11}, of_two[] = {0.4, 0.1};

    cr_assert(eq(int,
                 steps_until(late, 4, 2,
                             "rank 2 on c computes 500 ms a step, the others 110: they "
                             "wait for it 39 % of the time"),
                 20));
    cr_assert(eq(int,
                 steps_until(of_two, 2, 0,
                             "rank 0 on a computes 400 ms a step, the others 100: they "
                             "wait for it 30 % of the time"),
                 20));
}

Test(straggler, what_costs_little_is_not_told)
{
    double even[] = {0.5, 0.6, 0.7, 0.6}, little[] = {0.01, 0.01, 0.1, 0.01},
           one[] = {5};

    steps_until(even, 4, -1, "");
    steps_until(little, 4, -1, "");
    steps_until(one, 1, -1, "");
}

Test(straggler, a_rank_is_named_once)
{
    trainer_straggler s;
    step_report all[3] = {{.computed = 1}, {.computed = 0.1}, {.computed = 0.1}};
    char sentence[256];
    int told = 0;

    expect_ok(trainer_straggler_open(&s, 3, 5));
    for (int step = 0; step < 200; step++)
        told += trainer_straggler_add(&s, all, 1, NULL, NULL, sentence,
                                      sizeof sentence) == 0;
    cr_assert(eq(int, told, 1));
    trainer_straggler_close(&s);
}

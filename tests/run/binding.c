#include "run/binding.h"

#include "support/expect.h"

#include <stdio.h>

enum { MOST = 4 };

/* Units [first, first + count) of a machine of `of`. */
static tally_binding bound(uint64_t machine, int first, int count, int of,
                           uint64_t threads)
{
    tally_binding b = {.place = {.machine = machine}, .threads = threads};

    for (int i = first; i < first + count; i++)
        b.place.bound.words[i / 64] |= (uint64_t)1 << i % 64;
    for (int i = 0; i < of; i++)
        b.place.allowed.words[i / 64] |= (uint64_t)1 << i % 64;
    return b;
}

static void expect_starved(const tally_binding *all, int ranks, tally_launcher launcher,
                           int by, const char *said)
{
    tally_advice advice = {.rank = -1};
    char sentence[512];

    cr_assert(tally_binding_starves(all, ranks, launcher, &advice));
    cr_assert(eq(int, advice.rank, by));
    snprintf(sentence, sizeof sentence, "%s: %s", advice.said, advice.fix);
    cr_assert(eq(str, sentence, (char *)said));
}

static void expect_fed(const tally_binding *all, int ranks)
{
    tally_advice advice = {.said = ""};

    cr_assert(not(tally_binding_starves(all, ranks, TALLY_OPEN_MPI, &advice)), "%s",
              advice.said);
}

Test(binding, a_core_a_rank_suits_one_thread)
{
    tally_binding all[] = {bound(1, 0, 1, 2, 1), bound(1, 1, 1, 2, 1)};

    expect_fed(all, 2);
}

Test(binding, unbound_ranks_are_fed_even_if_they_are_many)
{
    tally_binding all[] = {bound(1, 0, 2, 2, 1), bound(1, 0, 2, 2, 1),
                           bound(1, 0, 2, 2, 1), bound(1, 0, 2, 2, 4)};

    expect_fed(all, 4);
}

Test(binding, a_machine_that_has_no_more_is_no_fault)
{
    tally_binding all[] = {bound(1, 0, 1, 1, 8), bound(1, 0, 1, 1, 8)};

    expect_fed(all, 2);
}

Test(binding, more_ranks_than_cores_bound_to_all_of_them_are_fed)
{
    tally_binding all[] = {bound(1, 0, 1, 2, 1), bound(1, 1, 1, 2, 1),
                           bound(1, 0, 1, 2, 1), bound(1, 1, 1, 2, 1)};

    expect_fed(all, 4);
}

Test(binding, several_threads_on_one_core_starve)
{
    tally_binding one[] = {bound(1, 0, 1, 2, 2)};
    tally_binding two[] = {bound(1, 0, 2, 4, 2), bound(1, 2, 1, 4, 2)};

    expect_starved(one, 1, TALLY_OPEN_MPI, 0,
                   "rank 0 is bound to 1 of 2 processors and has 2 threads: start with "
                   "mpirun --bind-to core --map-by slot:PE=2");
    expect_starved(two, 2, TALLY_HYDRA, 1,
                   "rank 1 is bound to 1 of 4 processors and has 2 threads: start with "
                   "mpiexec -bind-to core:2");
}

Test(binding, ranks_on_one_core_beside_idle_ones_starve)
{
    tally_binding all[] = {bound(1, 0, 1, 4, 1), bound(1, 0, 1, 4, 1)};

    expect_starved(all, 2, TALLY_OPEN_MPI, 0,
                   "2 ranks are bound to 1 of 4 processors, the others are idle: start "
                   "with mpirun --bind-to core --map-by slot:PE=1");
    expect_starved(all, 2, TALLY_SRUN, 0,
                   "2 ranks are bound to 1 of 4 processors, the others are idle: start "
                   "with srun --cpus-per-task=1");
    expect_starved(
        all, 2, TALLY_NO_LAUNCHER, 0,
        "2 ranks are bound to 1 of 4 processors, the others are idle: let it "
        "use more of them (taskset -c), or use --threads 1");
}

Test(binding, ranks_that_do_not_fit_are_told_to_roam)
{
    tally_binding all[] = {bound(1, 0, 1, 2, 1), bound(1, 0, 1, 2, 1),
                           bound(1, 0, 1, 2, 1)};

    expect_starved(all, 3, TALLY_OPEN_MPI, 0,
                   "3 ranks are bound to 1 of 2 processors, the others are idle: start "
                   "with mpirun --bind-to none --oversubscribe");
}

Test(binding, machines_are_judged_apart)
{
    tally_binding all[] = {bound(1, 0, 1, 2, 1), bound(2, 0, 1, 2, 1)};
    tally_binding second[] = {bound(1, 0, 2, 2, 1), bound(2, 1, 1, 2, 1),
                              bound(2, 1, 1, 2, 1)};

    expect_fed(all, 2);
    expect_starved(second, 3, TALLY_OPEN_MPI, 1,
                   "2 ranks are bound to 1 of 2 processors, the others are idle: start "
                   "with mpirun --bind-to core --map-by slot:PE=1");
}

Test(binding, what_cannot_be_told_is_no_reason_to_warn)
{
    tally_binding all[] = {
        {.place = {.machine = 1}, .threads = 4},
        {.place = {.machine = 1}, .threads = 4}
    };

    expect_fed(all, 2);
}

Test(binding, units_above_64_count)
{
    tally_binding all[] = {bound(1, 100, 1, 128, 2)};

    expect_starved(all, 1, TALLY_OPEN_MPI, 0,
                   "rank 0 is bound to 1 of 128 processors and has 2 threads: start "
                   "with mpirun --bind-to core --map-by slot:PE=2");
}

Test(binding, ranks_on_the_same_core_collide_though_the_machine_is_not_full)
{
    tally_binding all[] = {bound(1, 0, 1, 4, 1), bound(1, 0, 1, 4, 1),
                           bound(1, 2, 2, 4, 1)};
    tally_binding apart[] = {bound(1, 0, 1, 4, 1), bound(1, 1, 1, 4, 1),
                             bound(1, 2, 2, 4, 2)};
    tally_binding shared[] = {bound(1, 0, 2, 4, 1), bound(1, 0, 2, 4, 1)};
    tally_advice advice;

    expect_fed(all, 3);
    cr_assert(tally_binding_collides(all, 3, TALLY_OPEN_MPI, &advice));
    cr_assert(eq(int, advice.rank, 0));
    cr_assert(eq(str, advice.said, "ranks 0 and 1 are bound to the same processor 0"));
    cr_assert(
        eq(str, advice.fix, "start with mpirun --bind-to core --map-by slot:PE=1"));
    cr_assert(not(tally_binding_collides(apart, 3, TALLY_OPEN_MPI, &advice)));
    cr_assert(not(tally_binding_collides(shared, 2, TALLY_OPEN_MPI, &advice)));
}

Test(binding, unbound_ranks_wander_where_they_fit)
{
    tally_binding all[] = {bound(1, 0, 4, 4, 2), bound(1, 0, 4, 4, 2)};
    tally_binding many[] = {bound(1, 0, 2, 2, 1), bound(1, 0, 2, 2, 2)};
    tally_binding one[] = {bound(1, 0, 4, 4, 2), bound(2, 0, 4, 4, 2)};
    tally_advice advice;

    cr_assert(tally_binding_wanders(all, 2, TALLY_SRUN, &advice));
    cr_assert(
        eq(str, advice.said, "2 ranks may each use all 4 processors, and wander"));
    cr_assert(eq(str, advice.fix, "start with srun --cpus-per-task=2"));
    cr_assert(not(tally_binding_wanders(many, 2, TALLY_SRUN, &advice)));
    cr_assert(not(tally_binding_wanders(one, 2, TALLY_SRUN, &advice)));
}

Test(binding, half_a_machine_is_idle_when_nobody_said_how_many_threads)
{
    tally_binding all[] = {bound(1, 0, 1, 8, 1), bound(1, 1, 1, 8, 1)};
    tally_binding most[] = {bound(1, 0, 2, 3, 2)}, many[] = {bound(1, 0, 1, 8, 8)};
    tally_advice advice;

    cr_assert(tally_binding_idles(all, 2, TALLY_OPEN_MPI, &advice));
    cr_assert(
        eq(str, advice.said,
           "2 ranks are bound to 2 of 8 processors and start as many threads: the "
           "others are idle"));
    cr_assert(
        eq(str, advice.fix, "start with mpirun --bind-to core --map-by slot:PE=4"));
    cr_assert(not(tally_binding_idles(most, 1, TALLY_OPEN_MPI, &advice)));
    cr_assert(not(tally_binding_idles(many, 1, TALLY_OPEN_MPI, &advice)));
}

/* Each container's mpirun daemon would bind to the machine's first core. */
Test(binding, containers_on_one_machine_are_not_told_to_bind)
{
    tally_binding all[] = {bound(1, 0, 2, 2, 1), bound(1, 0, 2, 2, 1)};
    tally_binding few[] = {bound(1, 0, 1, 2, 1), bound(1, 0, 1, 2, 1)};
    tally_advice advice;

    for (int r = 0; r < 2; r++)
        all[r].near = few[r].near = 1;
    cr_assert(not(tally_binding_wanders(all, 2, TALLY_OPEN_MPI, &advice)));
    cr_assert(tally_binding_starves(few, 2, TALLY_OPEN_MPI, &advice));
    cr_assert(eq(str, advice.fix, "start with mpirun --bind-to none"));
}

#include "comm/launcher.h"

#include "tally/comm.h"

#include "support/expect.h"

#include <stdlib.h>

/* The environment of each test: pairs of a name and a value, then NULL. */
static char *pairs[9];

static char *get(const char *name)
{
    for (char **at = pairs; *at; at += 2)
        if (strcmp(*at, name) == 0) return at[1];
    return NULL;
}

static void set(const char *name, const char *value)
{
    char **at = pairs;

    while (*at)
        at += 2;
    at[0] = (char *)name;
    at[1] = (char *)value;
    at[2] = NULL;
}

Test(launcher, nothing_is_no_launcher)
{
    cr_assert(not(tally_launcher_present(get)));
    cr_assert(eq(u64, tally_launcher_count(get), 0));
    expect_ok(tally_launcher_check(get, "self", 1));
    expect_ok(tally_launcher_check(get, "mpi", 8));
}

Test(launcher, mpirun_of_open_mpi_says_how_many)
{
    set("OMPI_COMM_WORLD_SIZE", "4");
    set("PMI_SIZE", "9");
    cr_assert(tally_launcher_present(get));
    cr_assert(eq(u64, tally_launcher_count(get), 4));
    expect_ok(tally_launcher_check(get, "mpi", 4));
}

Test(launcher, singletons_are_refused)
{
    set("PMI_SIZE", "4");
    cr_assert(tally_launcher_present(get));
    expect_fail(tally_launcher_check(get, "mpi", 1), MISMATCH,
                "the launcher started 4 processes, but MPI sees 1 rank:");
    expect_fail(tally_launcher_check(get, "mpi", 2), MISMATCH, "MPI sees 2 ranks");
    expect_fail(tally_launcher_check(get, "self", 1), MISMATCH,
                "the launcher started 4 processes, but comm self runs in one");
    expect_fail(tally_launcher_check(get, "sim", 1), MISMATCH, "comm sim");
}

Test(launcher, a_count_of_one_suits_all)
{
    set("OMPI_COMM_WORLD_SIZE", "1");
    expect_ok(tally_launcher_check(get, "self", 1));
    expect_ok(tally_launcher_check(get, "sim", 1));
}

Test(launcher, marks_without_a_count_are_believed)
{
    set("PMIX_RANK", "0");
    cr_assert(tally_launcher_present(get));
    expect_ok(tally_launcher_check(get, "mpi", 3));
}

Test(launcher, srun_counts_its_step)
{
    set("SLURM_PROCID", "2");
    set("SLURM_NTASKS", "16");
    set("SLURM_STEP_NUM_TASKS", "4");
    cr_assert(tally_launcher_present(get));
    cr_assert(eq(u64, tally_launcher_count(get), 4));
}

Test(launcher, a_step_without_its_own_count_has_all_tasks)
{
    set("SLURM_PROCID", "2");
    set("SLURM_NTASKS", "16");
    set("SLURM_STEP_ID", "0");
    cr_assert(eq(u64, tally_launcher_count(get), 16));
}

Test(launcher, a_batch_script_is_one_process)
{
    set("SLURM_PROCID", "0");
    set("SLURM_NTASKS", "4");
    cr_assert(not(tally_launcher_present(get)));
    cr_assert(eq(u64, tally_launcher_count(get), 0));
}

Test(launcher, nonsense_is_no_count)
{
    set("OMPI_COMM_WORLD_SIZE", "many");
    cr_assert(eq(u64, tally_launcher_count(get), 0));
}

static tally_status nothing(tally_comm *c, void *context)
{
    (void)c;
    (void)context;
    return TALLY_OK;
}

Test(launcher, self_and_sim_look_at_the_real_environment)
{
    expect_ok(tally_launch("auto", nothing, NULL));
    setenv("PMI_SIZE", "4", 1);
    expect_fail(tally_launch("self", nothing, NULL), MISMATCH, "comm self");
    expect_fail(tally_launch("sim", nothing, NULL), MISMATCH, "comm sim");
}

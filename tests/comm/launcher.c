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

Test(launcher, each_launcher_is_known_by_its_variables)
{
    static const struct {
        const char *name, *value;
        tally_launcher kind;
        uint64_t count;
    } cases[] = {
        {"OMPI_COMM_WORLD_SIZE", "4", TALLY_OPEN_MPI,       4},
        {"PMI_SIZE",             "3", TALLY_HYDRA,          3},
        {"MV2_COMM_WORLD_SIZE",  "5", TALLY_HYDRA,          5},
        {"JSM_NAMESPACE_SIZE",   "6", TALLY_OTHER_LAUNCHER, 6},
        {"PALS_RANKID",          "2", TALLY_OTHER_LAUNCHER, 0},
        {"SLURM_PROCID",         "0", TALLY_NO_LAUNCHER,    0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pairs[0] = NULL;
        set(cases[i].name, cases[i].value);
        cr_assert(eq(int, (int)tally_launcher_kind(get), (int)cases[i].kind), "%s",
                  cases[i].name);
        cr_assert(tally_launcher_present(get) == (cases[i].kind != TALLY_NO_LAUNCHER));
        cr_assert(eq(u64, tally_launcher_count(get), cases[i].count));
    }
}

Test(launcher, srun_is_srun_though_it_speaks_pmi)
{
    set("SLURM_PROCID", "1");
    set("SLURM_STEP_NUM_TASKS", "2");
    set("PMI_SIZE", "2");
    cr_assert(eq(int, (int)tally_launcher_kind(get), (int)TALLY_SRUN));
}

Test(launcher, a_rank_that_does_not_fit_betrays_a_singleton)
{
    uint64_t rank;

    cr_assert(not(tally_launcher_rank(get, &rank)));
    set("PALS_RANKID", "2");
    cr_assert(tally_launcher_rank(get, &rank));
    cr_assert(eq(u64, rank, 2));
    expect_ok(tally_launcher_check(get, "mpi", 3));
    expect_fail(tally_launcher_check(get, "mpi", 1), MISMATCH,
                "started at least 3 processes, but MPI sees 1 rank:");
}

Test(launcher, ranks_of_this_node_that_do_not_fit_betray_one_too)
{
    set("MPI_LOCALNRANKS", "2");
    cr_assert(eq(u64, tally_launcher_count(get), 0)); /* there may be other nodes */
    expect_ok(tally_launcher_check(get, "mpi", 8));
    expect_fail(tally_launcher_check(get, "self", 1), MISMATCH,
                "started at least 2 processes, but comm self");
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

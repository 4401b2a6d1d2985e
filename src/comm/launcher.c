/* launcher.c — what mpirun or srun say about themselves in the environment.
 *
 * A program linked with one MPI and started by the launcher of another runs as N
 * separate jobs of one rank, each of which trains the whole model: the count of the
 * launcher betrays it.  Pure functions of the environment.
 *
 * Slurm sets SLURM_PROCID and SLURM_NTASKS in a batch script too, where one process
 * runs; only srun sets the variables of a step, so they must be there. */

#include "comm/launcher.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

static uint64_t number(tally_environment get, const char *name)
{
    const char *text = get(name);
    uint64_t n = 0;

    return text && tally_text_count(text, &n) ? n : 0;
}

static uint64_t slurm_count(tally_environment get)
{
    uint64_t step = number(get, "SLURM_STEP_NUM_TASKS");

    if (!get("SLURM_PROCID")) return 0;
    if (step || !get("SLURM_STEP_ID")) return step;
    return number(get, "SLURM_NTASKS");
}

bool tally_launcher_present(tally_environment get)
{
    static const char *const marks[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK",
                                        "MPI_LOCALNRANKS"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (get(marks[i])) return true;
    return slurm_count(get) > 1;
}

uint64_t tally_launcher_count(tally_environment get)
{
    uint64_t n = number(get, "OMPI_COMM_WORLD_SIZE");

    if (!n) n = number(get, "PMI_SIZE");
    return n ? n : slurm_count(get);
}

tally_status tally_launcher_check(tally_environment get, const char *comm,
                                  uint64_t processes)
{
    unsigned long long n = tally_launcher_count(get), seen = processes;

    if (n == 0 || n == processes) return TALLY_OK;
    if (strcmp(comm, "mpi") == 0)
        return TALLY_FAIL(MISMATCH,
                          "the launcher started %llu processes, but MPI sees %llu "
                          "rank%s: they are of different MPIs; launch with mpirun -n "
                          "%llu of the same MPI, or srun --mpi=pmix",
                          n, seen, seen == 1 ? "" : "s", n);
    return TALLY_FAIL(MISMATCH,
                      "the launcher started %llu processes, but comm %s runs in one: "
                      "launch one process, or use comm mpi",
                      n, comm);
}

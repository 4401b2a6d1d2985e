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

/* Names of one launcher's variables; NULL: it has none. */
static const struct {
    tally_launcher kind;
    const char *count, *rank;
} launchers[] = {
    {TALLY_OPEN_MPI,       "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
    {TALLY_HYDRA,          "PMI_SIZE",             "PMI_RANK"            },
    {TALLY_HYDRA,          "MV2_COMM_WORLD_SIZE",  "MV2_COMM_WORLD_RANK" },
    {TALLY_HYDRA,          "MPI_LOCALNRANKS",      NULL                  },
    {TALLY_OTHER_LAUNCHER, "JSM_NAMESPACE_SIZE",   "JSM_NAMESPACE_RANK"  },
    {TALLY_OTHER_LAUNCHER, NULL,                   "PALS_RANKID"         },
    {TALLY_OTHER_LAUNCHER, NULL,                   "PMIX_RANK"           },
};

enum { LAUNCHERS = sizeof launchers / sizeof *launchers };

static const char *find(tally_environment get, const char *name)
{
    return name ? get(name) : NULL;
}

/* srun speaks PMI too, so it is asked before those who do. */
tally_launcher tally_launcher_kind(tally_environment get)
{
    if (get("OMPI_COMM_WORLD_SIZE")) return TALLY_OPEN_MPI;
    if (slurm_count(get) > 0) return TALLY_SRUN;
    for (int i = 0; i < LAUNCHERS; i++)
        if (find(get, launchers[i].count) || find(get, launchers[i].rank))
            return launchers[i].kind;
    return TALLY_NO_LAUNCHER;
}

bool tally_launcher_present(tally_environment get)
{
    tally_launcher kind = tally_launcher_kind(get);

    return kind == TALLY_SRUN
               ? slurm_count(get) > 1 || find(get, "PMIX_RANK") || find(get, "PMI_SIZE")
               : kind != TALLY_NO_LAUNCHER;
}

uint64_t tally_launcher_count(tally_environment get)
{
    for (int i = 0; i < LAUNCHERS; i++) {
        uint64_t n = launchers[i].count ? number(get, launchers[i].count) : 0;

        /* The ranks of this node are those of the job only when they are all. */
        if (n && strcmp(launchers[i].count, "MPI_LOCALNRANKS") != 0) return n;
    }
    return slurm_count(get);
}

bool tally_launcher_rank(tally_environment get, uint64_t *rank)
{
    const char *text = NULL;

    for (int i = 0; i < LAUNCHERS && !text; i++)
        text = find(get, launchers[i].rank);
    if (!text) text = find(get, "SLURM_PROCID");
    return text && tally_text_count(text, rank);
}

/* Some say how many are on this node, or which rank this is, but not how many there
 * are. */
static uint64_t at_least(tally_environment get)
{
    uint64_t here = number(get, "MPI_LOCALNRANKS"), rank;

    if (!tally_launcher_present(get)) return 0;
    if (tally_launcher_rank(get, &rank) && rank + 1 > here) return rank + 1;
    return here;
}

tally_status tally_launcher_check(tally_environment get, const char *comm,
                                  uint64_t processes)
{
    unsigned long long n = tally_launcher_count(get), seen = processes;
    const char *more = "";

    if (n == 0 && at_least(get) > processes) {
        n = at_least(get);
        more = "at least ";
    }
    if (n == 0 || n == processes) return TALLY_OK;
    if (strcmp(comm, "mpi") == 0)
        return TALLY_FAIL(MISMATCH,
                          "the launcher started %s%llu processes, but MPI sees %llu "
                          "rank%s: they are of different MPIs; launch with the mpirun "
                          "of the same MPI, or srun --mpi=pmix",
                          more, n, seen, tally_text_plural(processes));
    return TALLY_FAIL(MISMATCH,
                      "the launcher started %s%llu processes, but comm %s runs in one: "
                      "launch one process, or use comm mpi",
                      more, n, comm);
}

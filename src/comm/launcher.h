/* launcher.h — what mpirun or srun say about themselves in the environment. */

#ifndef TALLY_COMM_LAUNCHER_H
#define TALLY_COMM_LAUNCHER_H

#include "tally/status.h"

#include <stdbool.h>
#include <stdint.h>

/* getenv, or a test's own. */
typedef char *(*tally_environment)(const char *name);

/* Whether a launcher of MPI programs started this process. */
bool tally_launcher_present(tally_environment get);

typedef enum tally_launcher {
    TALLY_NO_LAUNCHER,
    TALLY_OPEN_MPI, /* mpirun */
    TALLY_HYDRA,    /* mpiexec of MPICH, MVAPICH and Intel MPI */
    TALLY_SRUN,
    TALLY_OTHER_LAUNCHER /* PALS of Cray, jsrun of IBM, PMIx without a name */
} tally_launcher;

/* Which one started this process, so that its flags can be named. */
tally_launcher tally_launcher_kind(tally_environment get);

/* How many processes the launcher started; 0 when none says. */
uint64_t tally_launcher_count(tally_environment get);

/* Which rank this process will be; false when none says. */
bool tally_launcher_rank(tally_environment get, uint64_t *rank);

/* Fails with TALLY_MISMATCH when the launcher's count is not the size that `comm`
 * (self, sim, mpi) sees in processes, or what it says of ranks does not fit in. */
tally_status tally_launcher_check(tally_environment get, const char *comm,
                                  uint64_t processes);

#endif

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

/* How many processes the launcher started; 0 when none says. */
uint64_t tally_launcher_count(tally_environment get);

/* Fails with TALLY_MISMATCH when the launcher's count is not the size that `comm`
 * (self, sim, mpi) sees in processes. */
tally_status tally_launcher_check(tally_environment get, const char *comm,
                                  uint64_t processes);

#endif

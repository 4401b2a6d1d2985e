/* library.h — what the MPI beneath comm mpi says of itself.  A build without MPI:
 * nothing.
 */

#ifndef TALLY_COMM_LIBRARY_H
#define TALLY_COMM_LIBRARY_H

#include "comm/launcher.h"

#include <stddef.h>

/* "Open MPI 4.1.4, MPI 3.1", at run time; "" without MPI.  Before MPI starts too. */
void tally_library_describe(char *text, size_t most);

/* Whose launchers can start this program: TALLY_OPEN_MPI, TALLY_HYDRA (MPICH and its
 * kin), TALLY_OTHER_LAUNCHER, or TALLY_NO_LAUNCHER without MPI. */
tally_launcher tally_library_kind(void);

/* "serialized": the thread level that MPI has granted; "" when it has not started. */
const char *tally_library_threads(void);

/* The value that a setting of the library has in this process, from wherever (Open
 * MPI: MCA parameters such as "mpi_yield_when_idle", by MPI_T).  False, and "", when it
 * has no setting of that name, or MPI does not run. */
bool tally_library_setting(const char *name, char *value, size_t most);

#endif

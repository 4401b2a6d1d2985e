/* smpi.h — what comm/mpi.c does otherwise when the MPI is SimGrid's SMPI.
 *
 * SMPI runs all ranks in one thread of one process, on the clock of a simulated
 * network, and only what calls it moves that clock.  So ranks wait inside it and not
 * between tests, start no threads, set no alarms, and spend time by sleeping in it; a
 * run that hangs ends with SMPI's own report.  Casanova, Giersch, Legrand, Quinson and
 * Suter, Versatile, scalable, and accurate simulation of distributed applications and
 * platforms, 2014; Degomme et al., Simulating MPI applications: the SMPI approach,
 * 2017. */

#ifndef TALLY_COMM_SMPI_H
#define TALLY_COMM_SMPI_H

#include <mpi.h>

#include <stdbool.h>
#include <time.h>

#ifdef SMPI_H /* of SimGrid's mpi.h */

#    include <smpi/smpi_helpers_internal.h>

enum { SIMULATED = true };

static inline void doze(const struct timespec *length)
{
    smpi_nanosleep(length, NULL);
}

/* SMPI 3.32 lacks the function.  Right for messages of bytes, as all are that fit an
 * int. */
static inline int count_bytes(MPI_Status *status, MPI_Count *bytes)
{
    int count = 0;
    int code = MPI_Get_count(status, MPI_BYTE, &count);

    *bytes = count;
    return code;
}

#else

enum { SIMULATED = false };

static inline void doze(const struct timespec *length)
{
    nanosleep(length, NULL);
}

static inline int count_bytes(const MPI_Status *status, MPI_Count *bytes)
{
    return MPI_Get_elements_x(status, MPI_BYTE, bytes);
}

#endif

#endif

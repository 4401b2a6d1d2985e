/* host.c — a program that starts MPI itself, then uses Tally: twice, and is still able
 * to use MPI after.  `mpi_host single` starts it without threads, which Tally refuses;
 * of `mpi_host away` rank 0 alone uses Tally, which cannot meet the others. */

#include "tally/collective.h"
#include "tally/comm.h"

#include <mpi.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static tally_status body(tally_comm *c, void *context)
{
    (void)context;
    return tally_barrier(c);
}

static int report(const char *what)
{
    fprintf(stderr, "FAIL %s: %s\n", what, tally_error_sentence());
    return 1;
}

static bool is_first(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");

    if (!rank) rank = getenv("PMI_RANK");
    return rank && strcmp(rank, "0") == 0;
}

int main(int argc, char **argv)
{
    int single = argc > 1 && strcmp(argv[1], "single") == 0;
    int away = argc > 1 && strcmp(argv[1], "away") == 0;
    int provided, size;

    if (away && is_first()) return (int)tally_launch("mpi:start=1", body, NULL);
    MPI_Init_thread(&argc, &argv, single ? MPI_THREAD_SINGLE : MPI_THREAD_SERIALIZED,
                    &provided);
    if (away) sleep(60);
    if (provided < MPI_THREAD_SERIALIZED) {
        if (tally_launch("mpi", body, NULL) != TALLY_UNSUPPORTED)
            return report("single");
        if (!strstr(tally_error_sentence(), "needs MPI_THREAD_SERIALIZED"))
            return report("sentence");
    } else {
        for (int turn = 0; turn < 2; turn++)
            if (tally_launch("mpi", body, NULL)) return report("launch");
    }
    if (MPI_Comm_size(MPI_COMM_WORLD, &size) != MPI_SUCCESS) return report("size");
    MPI_Finalize();
    if (tally_launch("mpi", body, NULL) != TALLY_UNSUPPORTED) return report("late");
    return strstr(tally_error_sentence(), "finalized") ? 0 : report("late sentence");
}

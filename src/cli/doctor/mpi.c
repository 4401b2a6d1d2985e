/* mpi.c — which MPI this program has, and whether its launcher is of the same kind.
 *
 * A program of one MPI that the launcher of another starts is N lonely copies.  Started
 * alone, it is the mpirun on PATH that is asked. */

#include "cli/doctor/doctor.h"
#include "comm/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct record {
    char library[64], threads[16];
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    (void)d;
    tally_library_describe(r->library, sizeof r->library);
    snprintf(r->threads, sizeof r->threads, "%s", tally_library_threads());
    return TALLY_OK;
}

static const char *name_kind(tally_launcher kind)
{
    return kind == TALLY_OPEN_MPI ? "Open MPI"
           : kind == TALLY_HYDRA  ? "MPICH"
                                  : "another MPI";
}

/* What starts programs of the MPI that this one has, as Debian calls it. */
static void name_starter(const doctor *d, char fix[160])
{
    unsigned long long n = tally_launcher_count(getenv);
    tally_launcher mine = tally_library_kind();

    if (n == 0) n = 2;
    if (mine != TALLY_OPEN_MPI && mine != TALLY_HYDRA)
        snprintf(fix, 160,
                 mine == TALLY_NO_LAUNCHER
                     ? "apt-get install libopenmpi-dev openmpi-bin, and build "
                       "tally again"
                     : "start it with the mpiexec of its own MPI");
    else if (d->launcher == TALLY_SRUN)
        snprintf(fix, 160, "srun --mpi=%s -n %llu tally ...",
                 mine == TALLY_OPEN_MPI ? "pmix" : "pmi2", n);
    else
        snprintf(fix, 160, "%s -n %llu tally ...",
                 mine == TALLY_OPEN_MPI ? "mpirun.openmpi" : "mpiexec.mpich", n);
}

/* Of the mpirun that a shell finds. */
static tally_launcher ask_mpirun(void)
{
    char line[256] = "";
    FILE *said = popen("mpirun --version 2>&1", "r");
    tally_launcher kind = TALLY_NO_LAUNCHER;

    while (said && fgets(line, sizeof line, said)) {
        if (strstr(line, "Open MPI") || strstr(line, "OpenRTE")) kind = TALLY_OPEN_MPI;
        if (strstr(line, "HYDRA") || strstr(line, "MPICH")) kind = TALLY_HYDRA;
    }
    if (said) pclose(said);
    return kind;
}

static void judge_launcher(doctor *d, const record *r)
{
    tally_launcher mine = tally_library_kind();
    tally_launcher with = d->launcher == TALLY_NO_LAUNCHER ? ask_mpirun() : d->launcher;
    bool knows = with == TALLY_OPEN_MPI || with == TALLY_HYDRA;
    char fix[160];

    name_starter(d, fix);
    if (d->launcher == TALLY_NO_LAUNCHER && with == TALLY_NO_LAUNCHER)
        doctor_say(d, DOCTOR_WARNING, "apt-get install openmpi-bin",
                   "there is no mpirun on PATH; the program has %s",
                   mine == TALLY_NO_LAUNCHER ? "no MPI" : r->library);
    else if (knows && with != mine)
        doctor_say(d, d->launcher == with ? DOCTOR_WRONG : DOCTOR_WARNING, fix,
                   "%s is of %s, this program of %s",
                   d->launcher == with ? "the launcher" : "mpirun on PATH",
                   name_kind(with), mine == TALLY_NO_LAUNCHER ? "none" : r->library);
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s%s%s; %s", r->library,
                   r->threads[0] ? ", thread level " : "", r->threads,
                   d->launcher == TALLY_NO_LAUNCHER ? "started alone: one rank"
                   : d->launcher == TALLY_SRUN      ? "started by srun"
                   : d->launcher == TALLY_OPEN_MPI  ? "started by mpirun"
                                                    : "started by its mpiexec");
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    char fix[160], who[96];

    if (d->alone) {
        name_starter(d, fix);
        doctor_say(d, DOCTOR_WRONG, fix, "%s", d->alone);
        return;
    }
    for (int i = 1; i < d->comm->size; i++) {
        if (strcmp(r[i].library, r->library) == 0) continue;
        doctor_say(d, DOCTOR_WRONG, "install the same version on all hosts",
                   "%s has %s, rank 0 has %s",
                   cli_places_name(d->comm, d->places, i, who), r[i].library,
                   r->library);
        return;
    }
    judge_launcher(d, r);
}

const doctor_check tally_check_mpi = {
    "mpi", "which MPI, its thread level, and whether the launcher is of it",
    sizeof(record), look, judge};

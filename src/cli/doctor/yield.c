/* yield.c — whether ranks that wait give up their processor where they share one.
 *
 * Between 4 ranks on 2 processors a sum of 4 bytes took 28 ms without, 0.04 ms with it
 * (docs/launching.md). */

#include "cli/doctor/doctor.h"
#include "comm/library.h"

#include <string.h>

static const char setting[] = "mpi_yield_when_idle"; /* Open MPI's */

typedef struct record {
    char value[8]; /* "": this MPI has no such setting */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    (void)d;
    tally_library_setting(setting, r->value, sizeof r->value);
    return TALLY_OK;
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    bool shared = false;
    char fix[192], who[96];

    for (int i = 0; i < d->comm->size; i++) {
        tally_crowd c = tally_binding_crowd(d->bindings, d->comm->size,
                                            d->bindings[i].place.machine);

        if ((size_t)c.ranks <= c.allowed) continue;
        shared = true;
        if (strcmp(r[i].value, "1") == 0) continue;
        doctor_fix_setting(d, setting, "1", fix);
        doctor_say(d, r[i].value[0] ? DOCTOR_WRONG : DOCTOR_WARNING,
                   r[i].value[0] ? fix : "as many ranks as processors, or Open MPI",
                   "%s keeps its processor while it waits inside MPI, and others want "
                   "it",
                   cli_places_name(d->comm, d->places, i, who));
        return;
    }
    if (shared)
        doctor_say(d, DOCTOR_OK, NULL, "ranks that wait give up their processors");
}

const doctor_check tally_check_yield = {
    "yield", "whether ranks that share processors let each other run", sizeof(record),
    look, judge};

/* ranks.c — whether there are more ranks than processors.
 *
 * A container's quota counts: it stops all ranks for the rest of a period, 0.1 s, once
 * they have used it up. */

#include "base/text.h"
#include "cli/doctor/doctor.h"

#include <stdio.h>

typedef struct record {
    double quota; /* processors; 0: no limit */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    double quota, period;

    (void)d;
    if (file && fscanf(file, "%lf %lf", &quota, &period) == 2)
        r->quota = quota / period;
    if (file) fclose(file);
    return TALLY_OK;
}

size_t doctor_processors(const doctor *d, int rank)
{
    return tally_binding_crowd(d->bindings, d->comm->size,
                               d->bindings[rank].place.machine)
        .allowed;
}

static void judge(doctor *d, const void *all)
{
    const record *records = all;
    char fix[64], who[96];

    for (int r = 0; r < d->comm->size; r++) {
        tally_crowd c = tally_binding_crowd(d->bindings, d->comm->size,
                                            d->bindings[r].place.machine);
        double quota = records[r].quota;

        if (quota > 0 && (double)c.threads > quota) {
            doctor_say(d, DOCTOR_WARNING,
                       "docker run --cpus, or fewer ranks and threads",
                       "the container of %s may use %.3g processors, its ranks have "
                       "%llu threads",
                       cli_places_name(d->comm, d->places, r, who), quota,
                       (unsigned long long)c.threads);
            return;
        }
        if (!c.allowed || (size_t)c.ranks <= c.allowed) continue;
        snprintf(fix, sizeof fix, "-n %zu, or more hosts",
                 c.allowed * (size_t)(d->comm->size / c.ranks));
        doctor_say(d, DOCTOR_WARNING, fix,
                   "%d ranks share the %zu processor%s of the machine of %s: they take "
                   "turns",
                   c.ranks, c.allowed, tally_text_plural(c.allowed),
                   cli_places_name(d->comm, d->places, r, who));
        return;
    }
    doctor_say(d, DOCTOR_OK, NULL, "each rank has a processor of its own");
}

const doctor_check tally_check_ranks = {
    "ranks", "ranks and hosts, and whether there are processors for all",
    sizeof(record), look, judge};

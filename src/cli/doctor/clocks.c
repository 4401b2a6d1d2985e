/* clocks.c — whether the hosts' clocks agree: those of files and logs, not of steps. */

#include "cli/doctor/doctor.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

static const double tolerated = 1; /* second */

typedef struct record {
    double offset; /* seconds of the day less those that all ranks have in common */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    struct timespec now;

    TALLY_TRY(tally_comm_set_clock(d->comm));
    clock_gettime(CLOCK_REALTIME, &now);
    r->offset =
        (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - tally_common_now(d->comm);
    return TALLY_OK;
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    double most = 0;
    int worst = 0;
    char fix[160];

    if (d->comm->nodes == 1) return;
    for (int i = 1; i < d->comm->size; i++) {
        double apart = fabs(r[i].offset - r[0].offset);

        if (apart > most) most = apart, worst = i;
    }
    if (most <= tolerated) {
        doctor_say(d, DOCTOR_OK, NULL, "the hosts' clocks are within %.2g s", most);
        return;
    }
    snprintf(fix, sizeof fix, "on %s: timedatectl set-ntp true", d->places[worst].host);
    doctor_say(
        d, DOCTOR_WARNING, fix,
        "the clock of %s is %.3g s %s that of %s: dates of files and logs differ",
        d->places[worst].host, most,
        r[worst].offset > r[0].offset ? "ahead of" : "behind", d->places[0].host);
}

const doctor_check tally_check_clocks = {"clocks", "whether the hosts' clocks agree",
                                         sizeof(record), look, judge};

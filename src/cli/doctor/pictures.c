/* pictures.c — whether `tally report` can draw: gnuplot, on the host of rank 0. */

#include "cli/doctor/doctor.h"
#include "cli/report/plot.h"

#include <stdio.h>

typedef struct record {
    char complaint[256]; /* "": none */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    if (d->comm->rank == 0 && report_plot_try() != TALLY_OK)
        snprintf(r->complaint, sizeof r->complaint, "%s", tally_error_sentence());
    return TALLY_OK;
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;

    if (r->complaint[0])
        doctor_say(d, DOCTOR_WARNING, "apt-get install gnuplot-nox",
                   "tally report has no pictures: %s", r->complaint);
    else
        doctor_say(d, DOCTOR_OK, NULL, "gnuplot draws for tally report");
}

const doctor_check tally_check_pictures = {"pictures", "gnuplot, for tally report",
                                           sizeof(record), look, judge};

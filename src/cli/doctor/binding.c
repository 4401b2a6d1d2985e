/* binding.c — ranks on too few processors while others are idle: run/binding.c judges.
 */

#include "cli/doctor/doctor.h"

#include <stdlib.h>

typedef struct record {
    bool told; /* how many threads: by a variable; bindings are known already */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    (void)d;
    r->told = getenv("OPENBLAS_NUM_THREADS") || getenv("OMP_NUM_THREADS");
    return TALLY_OK;
}

static void judge(doctor *d, const void *all)
{
    const tally_binding *b = d->bindings;
    int ranks = d->comm->size;
    tally_advice advice = {.fix = ""};

    const record *r = all;

    if (tally_binding_starves(b, ranks, d->launcher, &advice) ||
        tally_binding_collides(b, ranks, d->launcher, &advice))
        doctor_say(d, DOCTOR_WRONG, advice.fix, "%s", advice.said);
    else if (!r->told && tally_binding_idles(b, ranks, d->launcher, &advice))
        doctor_say(d, DOCTOR_WARNING, advice.fix, "%s", advice.said);
    else if (tally_binding_wanders(b, ranks, d->launcher, &advice))
        doctor_say(d, DOCTOR_WARNING, advice.fix, "%s", advice.said);
    else
        doctor_say(d, DOCTOR_OK, NULL, "no rank starves beside idle processors");
}

const doctor_check tally_check_binding = {
    "binding", "ranks that share processors, or have fewer than threads",
    sizeof(record), look, judge};

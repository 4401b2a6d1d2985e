/* build.c — how this program was compiled, and whether all ranks run the same one. */

#include "tally/tally.h"

#include "cli/doctor/doctor.h"
#include "num/isa.h"
#include "run/identity.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct record {
    char differs[512]; /* who runs another program than rank 0; the same on all ranks */
    char program[256]; /* where it is */
    int used, best;    /* tally_isa */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    if (readlink("/proc/self/exe", r->program, sizeof r->program - 1) < 0)
        snprintf(r->program, sizeof r->program, "tally");
    r->used = (int)tally_isa_used();
    r->best = (int)tally_isa_best();
    tally_status status = tally_identity_check_program(d->comm);
    if (status != TALLY_MISMATCH) return status;
    snprintf(r->differs, sizeof r->differs, "%s", tally_error_sentence());
    return TALLY_OK;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static void judge_compiler(doctor *d, const record *r)
{
#ifdef NDEBUG
    const char *asserts = "asserts off";
#else
    const char *asserts = "asserts on";
#endif
#ifdef __OPTIMIZE__
    bool slow = sanitized;
#else
    bool slow = true;
#endif

    if (slow)
        doctor_say(d, DOCTOR_WARNING,
                   "cmake --preset release && cmake --build --preset release",
                   "tally " TALLY_VERSION " was built %s: it is several times as slow",
                   sanitized ? "with sanitizers" : "without optimisation");
    else
        doctor_say(d, DOCTOR_OK, NULL,
                   "tally " TALLY_VERSION ", %s, optimised, %s, "
                   "vectors by %s",
                   sizeof(tally_real) == 8 ? "double" : "float", asserts,
                   tally_isa_name((tally_isa)r->used));
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    char fix[600], who[96];

    judge_compiler(d, r);
    if (r->differs[0]) {
        snprintf(fix, sizeof fix, "copy %s, and libtally beside it, to every host",
                 r->program);
        doctor_say(d, DOCTOR_WRONG, fix, "%s", r->differs);
    }
    for (int i = 0; i < d->comm->size; i++) {
        if (r[i].used < r[i].best) {
            doctor_say(d, DOCTOR_WARNING, "unset TALLY_ISA",
                       "%s takes vectors by %s, but its processor has %s: TALLY_ISA",
                       cli_places_name(d->comm, d->places, i, who),
                       tally_isa_name((tally_isa)r[i].used),
                       tally_isa_name((tally_isa)r[i].best));
            return;
        }
        if (r[i].best != r[0].best) {
            snprintf(fix, sizeof fix, "leave that host out, or export TALLY_ISA=%s",
                     tally_isa_name(
                         (tally_isa)(r[i].best < r[0].best ? r[i].best : r[0].best)));
            doctor_say(d, DOCTOR_WARNING, fix,
                       "%s has %s, rank 0 %s: one waits for the other",
                       cli_places_name(d->comm, d->places, i, who),
                       tally_isa_name((tally_isa)r[i].best),
                       tally_isa_name((tally_isa)r[0].best));
            return;
        }
    }
}

const doctor_check tally_check_build = {
    "build", "how it was compiled, for which processor, the same on all ranks",
    sizeof(record), look, judge};

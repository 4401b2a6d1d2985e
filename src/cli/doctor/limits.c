/* limits.c — what the system lets a process of ours have: files, locked memory, a core.
 *
 * An MPI over TCP opens some files for each rank it talks to; one over InfiniBand locks
 * memory. */

#include "base/text.h"
#include "cli/doctor/doctor.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct record {
    double files, locked, core; /* below 0: any */
    bool locks;                 /* there is a fabric that needs it */
} record;

static double limit_of(int which)
{
    struct rlimit limit;

    if (getrlimit((unsigned)which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (double)limit.rlim_cur;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    (void)d;
    r->files = limit_of(RLIMIT_NOFILE);
    r->locked = limit_of(RLIMIT_MEMLOCK);
    r->core = limit_of(RLIMIT_CORE);
    r->locks = access("/sys/class/infiniband", F_OK) == 0;
    return TALLY_OK;
}

static const char *name_limit(double limit, char text[16])
{
    return limit < 0 ? "any" : doctor_bytes(limit, text);
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    double files = 128 + 8 * (double)d->comm->size;
    char fix[64], where[128], locked[16], core[16];

    for (int i = 0; i < d->comm->size; i++) {
        doctor_where(d, i, 1, where);
        if (r[i].files >= 0 && r[i].files < files) {
            snprintf(fix, sizeof fix, "ulimit -n %.0f", files < 4096 ? 4096 : files);
            doctor_say(d, DOCTOR_WRONG, fix,
                       "a process may open %.0f files%s, %d ranks may want %.0f",
                       r[i].files, where, d->comm->size, files);
            return;
        }
        if (r[i].locks && r[i].locked >= 0) {
            doctor_say(d, DOCTOR_WARNING,
                       "ulimit -l unlimited; in a service: LimitMEMLOCK=infinity",
                       "a process may lock %s%s: InfiniBand wants more",
                       doctor_bytes(r[i].locked, locked), where);
            return;
        }
    }
    doctor_say(d, DOCTOR_OK, NULL, "%.0f files, %s of locked memory, %s of a core file",
               r->files, name_limit(r->locked, locked), name_limit(r->core, core));
}

const doctor_check tally_check_limits = {
    "limits", "ulimit: files, locked memory, core files", sizeof(record), look, judge};

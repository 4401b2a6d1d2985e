/* scratch.c — the folder for temporary files, where MPI keeps sockets and shared
 * memory.
 *
 * On a network file system Open MPI is slow to start and says so at length. */

#include "cli/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

static const double least = 64.0 * 1024 * 1024;

typedef struct record {
    char path[256];
    double left; /* bytes; below 0: it is not there */
    bool writable, remote;
} record;

static bool is_remote(const char *path)
{
    static const unsigned kinds[] = {0x6969, 0x0bd00bd0, 0x47504653, 0xff534d42,
                                     0x00c36400}; /* NFS, Lustre, GPFS, CIFS, Ceph */
    struct statfs s;

    if (statfs(path, &s) != 0) return false;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if ((unsigned)s.f_type == kinds[k]) return true;
    return false;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    const char *path = getenv("TMPDIR");
    struct statvfs s;

    (void)d;
    snprintf(r->path, sizeof r->path, "%s", path && path[0] ? path : "/tmp");
    r->left = statvfs(r->path, &s) == 0 ? (double)s.f_bavail * (double)s.f_frsize : -1;
    r->writable = access(r->path, W_OK | X_OK) == 0;
    r->remote = is_remote(r->path);
    return TALLY_OK;
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    char fix[192], where[128], left[16];

    doctor_fix_variable(d, "TMPDIR", "/tmp", fix);
    for (int i = 0; i < d->comm->size; i++) {
        doctor_where(d, i, 1, where);
        if (r[i].left < 0 || !r[i].writable) {
            doctor_say(d, DOCTOR_WRONG, fix, "TMPDIR=%s%s is %s", r[i].path, where,
                       r[i].left < 0 ? "not there" : "not writable");
            return;
        }
        if (r[i].remote || r[i].left < least) {
            doctor_say(d, DOCTOR_WARNING, fix, "%s%s %s", r[i].path, where,
                       r[i].remote ? "is on a network file system: MPI starts slowly"
                                   : "is nearly full");
            return;
        }
    }
    doctor_say(d, DOCTOR_OK, NULL, "%s has %s left", r->path,
               doctor_bytes(r->left, left));
}

const doctor_check tally_check_scratch = {"scratch", "the folder for temporary files",
                                          sizeof(record), look, judge};

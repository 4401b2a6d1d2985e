/* folder.c — where --out would keep a run: writable, room, the same on all hosts or
 * not.
 *
 * A file is made there (or in the nearest folder that exists), the other ranks look for
 * it, and it goes again.  A run works either way: docs/run-folder.md. */

#include "tally/collective.h"

#include "cli/doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const double little = 1024.0 * 1024 * 1024, too_little = 64.0 * 1024 * 1024;

typedef struct record {
    char path[512]; /* the nearest folder that exists */
    double left;    /* bytes */
    int error;      /* of writing there; 0: none */
    bool sees;      /* what rank 0 has written */
} record;

/* "runs/a/b" -> "runs", when that is what there is. */
static void find_folder(const char *wanted, char path[512])
{
    struct stat s;
    char *slash;

    snprintf(path, 512, "%s", wanted);
    while (stat(path, &s) != 0 && errno == ENOENT) {
        slash = strrchr(path, '/');
        if (slash == path)
            path[1] = '\0';
        else if (slash)
            *slash = '\0';
        else
            snprintf(path, 512, ".");
        if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0) return;
    }
}

/* Of its own name, so that no host remembers that it was not there. */
static int try_writing(const char *name)
{
    int error = 0, file = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    if (file < 0) return errno;
    if (write(file, "tally", 5) != 5 || fsync(file) != 0) error = errno ? errno : EIO;
    if (close(file) != 0 && !error) error = errno;
    return error;
}

/* Rank 0 writes, then the first of each other host does under a name of its own. */
static tally_status try_together(const doctor *d, record *r)
{
    tally_comm *c = d->comm;
    char name[600], mine[640];
    long long number[2] = {(long long)getpid(), (long long)(1e3 * tally_now(c))};

    TALLY_TRY(tally_broadcast(c, 0, number, sizeof number));
    snprintf(name, sizeof name, "%s/.tally-doctor-%lld-%lld", r->path, number[0],
             number[1]);
    if (c->rank == 0) r->error = try_writing(name);
    TALLY_TRY(tally_barrier(c));
    r->sees = access(name, F_OK) == 0;
    if (c->rank > 0 && !r->sees && doctor_leads(d, c->rank)) {
        snprintf(mine, sizeof mine, "%s-%d", name, c->rank);
        r->error = try_writing(mine);
        unlink(mine);
    }
    TALLY_TRY(tally_barrier(c));
    if (c->rank == 0) unlink(name);
    return TALLY_OK;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    struct statvfs s;

    if (!d->folder) return TALLY_OK;
    find_folder(d->folder, r->path);
    if (statvfs(r->path, &s) == 0) r->left = (double)s.f_bavail * (double)s.f_frsize;
    return try_together(d, r);
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    int sharers = 0;
    char where[128], left[16];

    if (!d->folder) return;
    for (int i = 0; i < d->comm->size; i++) {
        doctor_where(d, i, 1, where);
        sharers += r[i].sees;
        if (r[i].error == 0 && r[i].left >= too_little) continue;
        doctor_say(
            d, DOCTOR_WRONG, "--out DIR, of a folder with room that you may write",
            r[i].error ? "%s%s cannot be written: %s" : "%s%s has %s left", r[i].path,
            where, r[i].error ? strerror(r[i].error) : doctor_bytes(r[i].left, left));
        return;
    }
    if (r->left < little)
        doctor_say(
            d, DOCTOR_WARNING, "--keep, or another --out",
            "%s has %s left: a checkpoint takes 4 bytes a weight and as much for "
            "each vector of the rule",
            r->path, doctor_bytes(r->left, left));
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s has %s left%s", r->path,
                   doctor_bytes(r->left, left),
                   d->comm->nodes == 1        ? ""
                   : sharers == d->comm->size ? ", and is shared by all hosts"
                                              : "; each host has its own, and a run "
                                                "goes on there alone");
}

const doctor_check tally_check_folder = {"folder",
                                         "--out: writable, room, shared by the hosts",
                                         sizeof(record), look, judge};

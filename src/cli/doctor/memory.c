/* memory.c — what ranks of a host share: /dev/shm, and the right to read each other.
 *
 * Sums inside a host and MPI's short messages go through /dev/shm; MPI's long ones are
 * read from the sender's memory (CMA) in one copy, where the system allows it: a
 * container may not, and Open MPI then fails with "Read -1" or hangs. */

#include "tally/collective.h"

#include "cli/doctor/doctor.h"
#include "comm/library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

static const char place[] = "/dev/shm", setting[] = "btl_vader_single_copy_mechanism";
static const double room_least = 256.0 * 1024 * 1024;

typedef struct record {
    double size, left; /* bytes of /dev/shm; size 0: there is none */
    bool writable;
    int reading; /* 0, or the errno of reading the memory of the host's first rank */
    char scope[4];
    char mechanism[16]; /* of long messages; "": this MPI does not say */
} record;

typedef struct target { /* something to read in another rank */
    int64_t process;
    uint64_t address, value;
} target;

/* Every rank offers a number; each but the first of a host reads the first one's. */
static tally_status read_leader(const doctor *d, int *error)
{
    static uint64_t number;
    tally_comm *c = d->comm;
    target mine = {getpid(), (uint64_t)(uintptr_t)&number, 0};
    target *all = calloc((size_t)c->size, sizeof *all);

    number = mine.value = 0x1234abcd00000000u + (uint64_t)getpid();
    TALLY_TRY(tally_agree(
        c, all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d addresses", c->size)));
    tally_status status = tally_gather_all(c, &mine, sizeof mine, all);
    const target *leader = &all[doctor_leader(d, c->topology->node[c->rank])];
    uint64_t seen = 0;
    struct iovec to = {&seen, sizeof seen},
                 from = {(void *)(uintptr_t)leader->address, sizeof seen};

    if (!status && c->node_rank > 0 &&
        process_vm_readv((pid_t)leader->process, &to, 1, &from, 1, 0) !=
            (ssize_t)sizeof seen)
        *error = errno;
    else if (!status && c->node_rank > 0 && seen != leader->value)
        *error = ESRCH;                     /* another process has that number here */
    if (!status) status = tally_barrier(c); /* nobody ends while it is read */
    free(all);
    return status;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    struct statvfs folder;
    FILE *scope = fopen("/proc/sys/kernel/yama/ptrace_scope", "r");

    if (scope && fgets(r->scope, sizeof r->scope, scope))
        r->scope[strcspn(r->scope, "\n")] = '\0';
    if (scope) fclose(scope);
    if (statvfs(place, &folder) == 0) {
        r->size = (double)folder.f_blocks * (double)folder.f_frsize;
        r->left = (double)folder.f_bavail * (double)folder.f_frsize;
        r->writable = access(place, W_OK) == 0;
    }
    tally_library_setting(setting, r->mechanism, sizeof r->mechanism);
    return read_leader(d, &r->reading);
}

static void judge_room(doctor *d, const record *all, int leader, int width)
{
    const record *r = &all[leader];
    char where[128], left[16], size[16];

    doctor_where(d, leader, 1, where);
    if (r->size <= 0 || !r->writable)
        doctor_say(d, DOCTOR_WRONG,
                   "mount -t tmpfs -o mode=1777,size=2g tmpfs /dev/shm",
                   "the %d ranks%s cannot share memory: %s is %s", width, where, place,
                   r->size > 0 ? "not writable" : "not there");
    else if (r->left < room_least)
        doctor_say(d, DOCTOR_WARNING,
                   "mount -o remount,size=2g /dev/shm; of a container: docker run "
                   "--shm-size=2g",
                   "%s%s has %s left of %s", place, where, doctor_bytes(r->left, left),
                   doctor_bytes(r->size, size));
}

/* A rank that may not read another, though Open MPI counts on it, loses messages. */
static void judge_reading(doctor *d, const record *all, int rank)
{
    const record *r = &all[rank];
    char fix[192], who[96];
    bool none = strcmp(r->mechanism, "none") == 0;

    cli_places_name(d->comm, d->places, rank, who);
    if (r->reading && strcmp(r->mechanism, "cma") == 0) {
        doctor_fix_setting(d, setting, "none", fix);
        doctor_say(d, DOCTOR_WRONG, fix,
                   "%s may not read the memory of its neighbour (%s; ptrace_scope %s), "
                   "which %s=cma does",
                   who, strerror(r->reading), r->scope[0] ? r->scope : "unknown",
                   setting);
    } else if (none && !r->reading) {
        doctor_fix_setting(d, setting, "cma", fix);
        doctor_say(d, DOCTOR_WARNING, fix,
                   "%s=none: long messages inside a host are copied twice, though %s "
                   "may read its neighbour",
                   setting, who);
    }
}

/* The first rank of a node that has trouble to read; the second, when none has. */
static int find_reader(const doctor *d, const record *all, int node)
{
    int reader = -1;

    for (int r = 0; r < d->comm->size; r++) {
        if (d->comm->topology->node[r] != node || doctor_leads(d, r)) continue;
        if (reader < 0 || (all[r].reading && !all[reader].reading)) reader = r;
    }
    return reader;
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    int before = d->count[DOCTOR_WARNING] + d->count[DOCTOR_WRONG];
    char left[16];

    for (int node = 0; node < d->comm->topology->count; node++) {
        int leader = doctor_leader(d, node), reader = find_reader(d, r, node);

        if (reader < 0) continue; /* alone on its host, it shares nothing */
        judge_room(d, r, leader, tally_nodes_width(d->comm->topology, node));
        judge_reading(d, r, reader);
        if (d->count[DOCTOR_WARNING] + d->count[DOCTOR_WRONG] > before) return;
    }
    if (r->size > 0)
        doctor_say(d, DOCTOR_OK, NULL, "%s has %s left%s%s", place,
                   doctor_bytes(r->left, left),
                   r->mechanism[0] ? "; long messages inside a host by " : "",
                   r->mechanism);
}

const doctor_check tally_check_memory = {
    "memory", "/dev/shm, and whether ranks of a host may read each other",
    sizeof(record), look, judge};

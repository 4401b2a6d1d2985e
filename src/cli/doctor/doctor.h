/* doctor.h — what a check of `tally doctor` is.
 *
 *     look     on every rank: fills a record with what it sees; may measure together
 *     judge    on rank 0, with the records of all: says what was found, and the fix
 *
 * A check is one file and one line in list.def. */

#ifndef TALLY_CLI_DOCTOR_H
#define TALLY_CLI_DOCTOR_H

#include "cli/places.h"
#include "comm/nodes.h"
#include "run/binding.h"

typedef enum doctor_level {
    DOCTOR_OK,
    DOCTOR_WARNING, /* costs time, or may cost a run */
    DOCTOR_WRONG,   /* costs much time, or ends runs */
    DOCTOR_LEVELS
} doctor_level;

typedef struct doctor doctor;

typedef struct doctor_check {
    const char *name;
    const char *brief; /* what is looked at, for `tally doctor --help` */
    size_t record;     /* bytes of what a rank sees; zeroed before look */
    /* Collective.  A failure that not all ranks share ends the doctor: what is wrong
     * with the machine goes into the record instead. */
    tally_status (*look)(const doctor *d, void *mine);
    void (*judge)(doctor *d, const void *all); /* all: a record a rank */
} doctor_check;

#define CHECK(name) extern const doctor_check tally_check_##name;
#include "cli/doctor/list.def"
#undef CHECK

struct doctor {
    tally_comm *comm; /* of the ranks, explored */
    tally_launcher launcher;
    const char
        *alone; /* why this process does not see the other ranks; NULL: it does */
    const char *folder; /* where a run would keep its files; NULL: nobody asks */
    cli_place *places;  /* owned: one a rank, as are bindings */
    tally_binding *bindings;
    cli_table findings; /* rank 0's */
    const doctor_check *check;
    int count[DOCTOR_LEVELS]; /* of findings; rank 0's */
};

/* A finding, in printf form, and what mends it: a command, an option; NULL when all is
 * well.  For judges. */
void doctor_say(doctor *d, doctor_level level, const char *fix, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "mpirun --mca NAME VALUE", or the same for another launcher. */
void doctor_fix_setting(const doctor *d, const char *name, const char *value,
                        char fix[192]);

/* "mpirun -x NAME=VALUE", or the same for another launcher. */
void doctor_fix_variable(const doctor *d, const char *name, const char *value,
                         char fix[192]);

/* " on node7 and 2 more hosts": where the first and `count` in all of what was found
 * is; "" when there is one host. */
const char *doctor_where(const doctor *d, int rank, int count, char text[128]);

/* The first rank of a node: what it sees of the machine is what all there see. */
int doctor_leader(const doctor *d, int node);
bool doctor_leads(const doctor *d, int rank);

/* A few whole units of bytes: "64 MiB". */
const char *doctor_bytes(double bytes, char text[16]);

/* Processors of the machine that a rank is on, by its container's processors and quota.
 */
size_t doctor_processors(const doctor *d, int rank);

#endif

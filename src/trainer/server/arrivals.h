/* arrivals.h — the order in which gradients arrived, written down and followed again.
 */

#ifndef TALLY_TRAINER_SERVER_ARRIVALS_H
#define TALLY_TRAINER_SERVER_ARRIVALS_H

#include "tally/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum tally_arrival_kind {
    TALLY_PUSHED, /* its gradient was taken in */
    TALLY_LOST,
    TALLY_BACK
} tally_arrival_kind;

typedef struct tally_arrival {
    tally_arrival_kind kind;
    int worker; /* from 0 */
} tally_arrival;

typedef struct tally_arrivals {
    const char *path; /* borrowed: what is written */
    FILE *file;       /* owned; NULL: nothing is */
    bool replays;
    tally_arrival *events; /* owned: what is followed */
    size_t count, room, next;
} tally_arrivals;

/* record, replay: paths, or NULL.  Returns TALLY_FILE, TALLY_FORMAT, or TALLY_MISMATCH
 * for a recording with another number of workers.  Local. */
tally_status tally_arrivals_open(tally_arrivals *a, const char *record,
                                 const char *replay, int workers);
tally_status tally_arrivals_note(tally_arrivals *a, tally_arrival_kind kind,
                                 int worker);

/* What is to happen next in a replay; a->next++ passes it.  NULL: all has happened. */
const tally_arrival *tally_arrivals_next(const tally_arrivals *a);

/* Returns TALLY_FILE when what was noted could not be written. */
tally_status tally_arrivals_finish(tally_arrivals *a);
void tally_arrivals_close(tally_arrivals *a);

#endif

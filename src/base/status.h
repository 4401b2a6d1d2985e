/* status.h — the part of failures that only the library itself uses. */

#ifndef TALLY_BASE_STATUS_H
#define TALLY_BASE_STATUS_H

#include "tally/status.h"

#include <stdbool.h>

enum { TALLY_SENTENCE_MOST = 1024, TALLY_TRACE_MOST = 2048 };

/* A thread's last failure. */
typedef struct tally_error {
    char sentence[TALLY_SENTENCE_MOST];
    char trace[TALLY_TRACE_MOST];
    bool agreed;
} tally_error;

/* Carries a failure over others that follow it, or from one thread to another. */
void tally_error_save(tally_error *error);
void tally_error_restore(const tally_error *error);

/* Takes over a failure that every rank now knows of: its sentence replaces this
 * thread's, and tally_error_agreed is true until the next failure. */
tally_status tally_error_adopt(tally_status status, const char *sentence);

#endif

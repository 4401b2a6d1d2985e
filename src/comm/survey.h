/* survey.h — what every rank told when it was asked what it does, and what follows. */

#ifndef TALLY_COMM_SURVEY_H
#define TALLY_COMM_SURVEY_H

#include "tally/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_ROW_ACTS = 8, TALLY_ACT_TEXT = 96, TALLY_HOST_NAME = 64 };

/* A rank's answer; small enough for one datagram. */
typedef struct tally_row {
    uint32_t answered, waits, ends; /* ends: it aborts the run */
    uint32_t apart;    /* no collective of all is under way: it waits for a message */
    int32_t peer, tag; /* of its wait */
    double waited;     /* seconds in it */
    double idle;       /* seconds since its last collective began or ended */
    uint64_t step, number; /* under way; of the collective that it started last */

    struct {
        uint64_t number, signature;
        char text[TALLY_ACT_TEXT];
    } acts[TALLY_ROW_ACTS]; /* newest first; number 0: none */
} tally_row;

/* What is known of a rank that does not answer. */
typedef enum tally_fate { TALLY_UNKNOWN, TALLY_STOPPED_SHORT, TALLY_GONE } tally_fate;

typedef struct tally_survey {
    int size;
    const tally_row *rows;          /* one a rank */
    char (*hosts)[TALLY_HOST_NAME]; /* one a rank */
    const tally_fate *fates;        /* one a rank */
} tally_survey;

/* One sentence that says what holds up the run: ranks that called different
 * collectives, do not answer, or have not arrived.  Returns TALLY_MISMATCH for the
 * first, TALLY_NETWORK for the others, TALLY_OK when nobody is held up. */
tally_status tally_survey_judge(const tally_survey *s, char *sentence, size_t most);

/* All answer, and whoever waits has done so, and begun its last collective, less than a
 * tenth of a second ago: ranks answer at slightly different times, and what they say
 * of a run that moves does not fit together. */
bool tally_survey_moves(const tally_survey *s);

/* Appends a table of a line a rank, first those that hold up the others, and of the
 * last collectives that any has started: it is cut where `most` ends. */
void tally_survey_print(const tally_survey *s, char *text, size_t most);

#endif

/* chrome.h — spans of ranks to a file that Perfetto and chrome://tracing read. */

#ifndef TALLY_RUN_CHROME_H
#define TALLY_RUN_CHROME_H

#include "tally/layout.h"

#include "base/file.h"

enum { CHROME_TEXT_ROOM = 1 << 16 };

/* A span of a rank; it travels as it is. */
typedef struct chrome_span {
    double begin, end; /* seconds, by a clock that all ranks share */
    uint64_t step;
    int64_t lane; /* 0: a part of the rank's work; from 1: a collective beside it */
    char name[48], about[TALLY_NAME_MOST + 32];
} chrome_span;

/* A file being written; its first failure is kept, and what follows does nothing. */
typedef struct chrome_file {
    tally_file file;
    tally_status status;
    char text[CHROME_TEXT_ROOM];
    size_t used;
    bool any;      /* an event is there */
    double zero;   /* what becomes 0 s */
    int rank;      /* whose spans come */
    int64_t lanes; /* of it, named so far */
} chrome_file;

/* Begins the file `fresh`.  facts: an object in JSON, NULL when there was no memory. */
void chrome_open(chrome_file *f, const char *fresh, double zero, const char *facts);

/* What follows is of this rank; ranks come once each.  Spans of a lane may nest or
 * follow each other; of two that begin together the longer one must come first. */
void chrome_begin_rank(chrome_file *f, int rank, const char *host);
void chrome_put_span(chrome_file *f, const chrome_span *s);

/* Ends the file and renames it to `path`; after a failure, which is returned, nothing
 * is left. */
tally_status chrome_publish(chrome_file *f, const char *path);

#endif

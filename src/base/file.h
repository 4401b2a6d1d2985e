/* file.h — files that are whole on disk, or known not to be.
 *
 * Everything that is kept goes through here: each write is checked, each file is
 * fsynced before it is closed, and its XXH3-64 is computed on the way.  Local; no
 * globals. */

#ifndef TALLY_BASE_FILE_H
#define TALLY_BASE_FILE_H

#include "tally/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { TALLY_PATH_MOST = 4096 };

/* A path in printf form, into to[TALLY_PATH_MOST].  TALLY_FILE when it is too long. */
tally_status tally_path(char *to, const char *format, ...) TALLY_PRINTF(2, 3);

/* What a checkpoint remembers of a file. */
typedef struct tally_stamp {
    uint64_t bytes, xxh3;
} tally_stamp;

/* A file being written, from nothing. */
typedef struct tally_file {
    bool open;
    int descriptor;
    char path[TALLY_PATH_MOST];
    void *hash; /* owned */
    tally_stamp stamp;
} tally_file;

tally_status tally_file_create(tally_file *f, const char *path);
tally_status tally_file_write(tally_file *f, const void *p, size_t n);
/* Everything is on disk when it succeeds; f->stamp is then what was written. */
tally_status tally_file_finish(tally_file *f);
void tally_file_close(tally_file *f); /* of a file that may be unfinished */

/* Makes `path` hold text[0..n) or what it held before, never anything else. */
tally_status tally_file_replace(const char *path, const char *text, size_t n);

typedef struct tally_file_piece {
    const void *at;
    size_t n;
} tally_file_piece;

/* The same of pieces, one after the other.  `fresh` is where they are written first:
 * beside path, and no one else's. */
tally_status tally_file_replace_pieces(const char *path, const char *fresh,
                                       const tally_file_piece *pieces, size_t count);

/* The whole of a regular file of at most `most` bytes, with a NUL behind it; owned by
 * the caller.  Anything that keeps it from being read is TALLY_FILE. */
tally_status tally_file_read(const char *path, size_t most, char **bytes, size_t *n);

bool tally_file_exists(const char *path);

tally_status tally_directory_make(const char *path); /* and those above it */
tally_status tally_directory_sync(const char *path); /* its names are on disk */
/* The directory and the files in it; true also when there is none.  Keeps the thread's
 * last failure as it is. */
bool tally_directory_remove(const char *path);

#endif

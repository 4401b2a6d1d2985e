/* npz.h — the named arrays of an archive of NumPy, all in memory. */

#ifndef TALLY_DATA_NPZ_H
#define TALLY_DATA_NPZ_H

#include "data/npy.h"

typedef struct tally_npz_member {
    char *name;      /* owned: "cora.npz: adj_data" */
    const char *key; /* in it: "adj_data" */
    uint8_t *bytes;  /* owned */
    size_t count;
} tally_npz_member;

typedef struct tally_npz {
    char *name; /* owned; begins error sentences */
    size_t count;
    tally_npz_member *members; /* owned */
    uint64_t hash;             /* of the archive's bytes */
} tally_npz;

/* z <- the arrays of the file at `path`, every checksum checked; z is zeroed or closed
 * before, and must be closed also after a failure.  Returns TALLY_FILE, TALLY_FORMAT or
 * TALLY_MEMORY.  Local. */
tally_status tally_npz_read(tally_npz *z, const char *path);

/* The same of an archive in memory. */
tally_status tally_npz_unpack(tally_npz *z, const char *name, const uint8_t *bytes,
                              size_t count);

void tally_npz_close(tally_npz *z);

/* *a <- the array under a key, borrowed; *found: false when there is none.  Arrays that
 * nobody asks for may be of any kind.  Returns TALLY_FORMAT when it is malformed. */
tally_status tally_npz_find(const tally_npz *z, const char *key, tally_npy *a,
                            bool *found);

#endif

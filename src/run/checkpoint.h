/* checkpoint.h — what saving and loading share: the open folder, the names in it, and a
 * checkpoint's manifest. */

#ifndef TALLY_RUN_CHECKPOINT_H
#define TALLY_RUN_CHECKPOINT_H

#include "base/file.h"
#include "run/folder.h"

struct tally_folder {
    tally_comm *comm; /* borrowed */
    char path[TALLY_PATH_MOST];
    int keeper; /* the lowest rank that sees the same folder */
    int lock;   /* descriptor; -1: not held */
};

bool tally_folder_is_keeper(const tally_folder *folder);

/* A file of a checkpoint, as its manifest knows it. */
typedef struct tally_listed {
    char name[32];
    tally_stamp stamp;
} tally_listed;

typedef struct tally_manifest {
    uint64_t step, ranks;
    uint64_t layout_hash, data_hash;
    char real[8]; /* dtype of tally_real */
    size_t count;
    tally_listed *files; /* owned */
    uint64_t xxh3;       /* of the manifest itself; parse sets it */
} tally_manifest;

extern const char *const tally_weights_name, *const tally_state_name;

/* "rank-00003.safetensors" */
void tally_rank_name(char *to, size_t most, int rank);

/* OUT/checkpoints/step-000000001234 followed by `end`. */
tally_status tally_checkpoint_path(char *to, const char *out, uint64_t step,
                                   const char *end);

/* The steps of OUT/checkpoints, newest first; owned by the caller.  None: count 0. */
tally_status tally_checkpoint_list(const char *out, uint64_t **steps, size_t *count);

/* The text of a manifest; its last line is a checksum of all bytes before it. */
tally_status tally_manifest_print(const tally_manifest *m, char **text);
/* TALLY_CORRUPT when the checksum does not hold, TALLY_FORMAT for what it cannot be. */
tally_status tally_manifest_parse(tally_manifest *m, const char *path, const char *text,
                                  size_t n);
void tally_manifest_close(tally_manifest *m);

/* NULL when the checkpoint has no such file. */
const tally_listed *tally_manifest_find(const tally_manifest *m, const char *name);

#endif

/* folder.h — the run folder: a lock, a manifest, and checkpoints that survive kill -9.
 *
 *     OUT/lock                     held (flock) while a run is using the folder
 *     OUT/manifest.json            resolved options, version, topology
 *     OUT/metrics.jsonl            one line per metric; written by metrics.c
 *     OUT/checkpoints/step-000000001234/
 *         weights.safetensors      the layout's tensors by name
 *         state.safetensors        shared slots, "rule.m"
 *         rank-00003.safetensors   private and sharded slots of rank 3
 *         manifest.json            step, ranks, hashes of layout and data, and the
 *                                  checksum (XXH3) of each file and of itself
 *
 * A checkpoint is written aside as checkpoints/step-X.partial, each file and the folder
 * fsynced; the ranks agree; one rename per file system makes it real.  Nothing assumes
 * that the ranks share a file system: ranks that see the same folder elect a keeper,
 * and every keeper keeps its ranks' part, plus the shared files. */

#ifndef TALLY_RUN_FOLDER_H
#define TALLY_RUN_FOLDER_H

#include "tally/collective.h"

/* One named piece of state: slots become "name.slot". */
typedef struct tally_part {
    const char *name;
    tally_state *state;
} tally_part;

/* What a checkpoint holds, and where load puts it. */
typedef struct tally_checkpoint {
    uint64_t step;
    uint64_t ranks;     /* load: of the run that wrote it; 0: nothing was loaded */
    uint64_t data_hash; /* 0: not checked */
    const tally_layout *layout;
    tally_real *w;
    const tally_part *parts;
    size_t part_count;
} tally_checkpoint;

typedef struct tally_folder tally_folder;

/* Makes path (mkdir -p), takes the lock, removes what an interrupted save left.  A
 * folder that another process holds: TALLY_BUSY.  Without `resume` a folder that holds
 * a run already: TALLY_BUSY, with what to do.  With it, a folder that holds none:
 * TALLY_FILE. All ranks agree on the outcome.  Collective. */
tally_status tally_folder_open(tally_folder **folder, tally_comm *c, const char *path,
                               bool resume);
void tally_folder_close(tally_folder *folder); /* local; NULL is fine */

const char *tally_folder_path(const tally_folder *folder);

/* Writes OUT/manifest.json on every file system, atomically.  text: the same on all
 * ranks.  Collective. */
tally_status tally_folder_describe(tally_folder *folder, const char *text);

/* "format" in OUT/manifest.json. */
#define TALLY_RUN_FORMAT "tally run 1"

/* Reads OUT/manifest.json of a folder as text (owned by the caller), or fails with
 * TALLY_FILE.  Local: needs no open folder. */
tally_status tally_folder_description(const char *path, char **text);

/* Saves; then removes all but the newest `keep` checkpoints (at least the one just
 * saved) and those of later steps, which load has passed over.  On failure (a full
 * disk) nothing of it stays and the earlier ones are untouched.  TALLY_MISMATCH when
 * ranks on two file systems hold other weights or other shared state.  Collective. */
tally_status tally_folder_save(tally_folder *folder, const tally_checkpoint *what,
                               uint64_t keep);

/* Loads the newest checkpoint that is whole on every rank; *skipped counts newer ones
 * that were torn or altered (their reasons are in `why`, of `most` bytes, which may be
 * 0).  A folder that holds no checkpoint at all leaves what->ranks at 0, and the rest
 * as it was; one that cannot be listed, holds none that is whole, or holds some on
 * another file system but none on rank 0's, is TALLY_FILE.
 * Refuses another layout or other data (TALLY_MISMATCH), and another number of ranks
 * when there is private or sharded state with a non-zero length.  Collective. */
tally_status tally_folder_load(tally_folder *folder, tally_checkpoint *what,
                               uint64_t *skipped, char *why, size_t most);

/* Reads only w of the newest good checkpoint below path (a run folder or one checkpoint
 * folder), for `tally eval`.  Local. */
tally_status tally_folder_weights(const char *path, const tally_layout *layout,
                                  tally_real *w, uint64_t *step);

#endif

/* save.c — a checkpoint is either whole, or not there.
 *
 *     keepers      make checkpoints/step-X.partial                          agree
 *     every rank   its own state to rank-R.safetensors (when it has any)
 *     keepers      weights.safetensors, state.safetensors                   agree
 *     all          gather the checksums of all files
 *     keepers      manifest.json, fsync of the folder                       agree
 *     keepers      rename step-X.partial to step-X, fsync of checkpoints    agree
 *     keepers      remove what is older than the newest `keep`
 *
 * Pillai et al., All File Systems Are Not Created Equal, OSDI 2014, is why each fsync
 * is where it is.  Every file is written by one rank, and checked (short writes, fsync,
 * close).  When any rank fails, all of them know at the next agreement, the keepers
 * remove their part, and the earlier checkpoints have not been touched.  A kill leaves
 * at most a .partial, which the next open removes.
 *
 * Pruning renames to .partial before it removes, so that it too is one step for whoever
 * looks.  A checkpoint of a later step than the one just saved was passed over by load
 * (torn, or not on every file system) and is removed as well. */

#include "run/arrays.h"
#include "run/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a rank has written: gathered, so that every keeper can list the files of all. */
typedef struct written {
    tally_stamp weights, state; /* of a keeper, else zero */
    tally_stamp own;            /* bytes 0: it has no file */
} written;

typedef struct saving {
    tally_folder *folder;
    const tally_checkpoint *what;
    char partial[TALLY_PATH_MOST], final[TALLY_PATH_MOST];
    bool renamed, replaced; /* final is new; partial then holds what final was */
    written mine, *all;     /* all: owned, one per rank */
} saving;

static tally_status make_partial(const saving *s)
{
    tally_directory_remove(s->partial);
    TALLY_TRY(tally_directory_make(s->partial));
    return TALLY_OK;
}

/* ---- files ---- */

static tally_status write_arrays(const saving *s, const char *name,
                                 const tally_arrays *a, tally_stamp *stamp)
{
    char path[TALLY_PATH_MOST], step[24];
    const char *const metadata[] = {"format", "tally", "step", step, NULL};
    tally_file file = {0};

    TALLY_TRY(tally_path(path, "%s/%s", s->partial, name));
    snprintf(step, sizeof step, "%" PRIu64, s->what->step);
    tally_status status = tally_file_create(&file, path);
    if (!status) status = tally_safetensors_write(&file, a->at, a->count, metadata);
    if (!status) status = tally_file_finish(&file);
    *stamp = file.stamp;
    tally_file_close(&file);
    return status;
}

static tally_status write_weights(saving *s)
{
    tally_arrays a;
    tally_status status = tally_arrays_of_weights(&a, s->what->layout, s->what->w);

    if (!status) status = write_arrays(s, tally_weights_name, &a, &s->mine.weights);
    tally_arrays_close(&a);
    return status;
}

static tally_status write_state(saving *s)
{
    tally_arrays a;
    tally_status status =
        tally_arrays_of_state(&a, s->what->parts, s->what->part_count, false);

    if (!status) status = write_arrays(s, tally_state_name, &a, &s->mine.state);
    tally_arrays_close(&a);
    return status;
}

static tally_status write_own(saving *s)
{
    tally_arrays a;
    char name[32];
    tally_status status =
        tally_arrays_of_state(&a, s->what->parts, s->what->part_count, true);

    tally_rank_name(name, sizeof name, s->folder->comm->rank);
    if (!status && a.count) status = write_arrays(s, name, &a, &s->mine.own);
    tally_arrays_close(&a);
    return status;
}

static tally_status write_files(saving *s)
{
    TALLY_TRY(write_own(s));
    if (!tally_folder_is_keeper(s->folder)) return TALLY_OK;
    TALLY_TRY(write_weights(s));
    TALLY_TRY(write_state(s));
    return TALLY_OK;
}

/* ---- the manifest ---- */

static void list_file(tally_manifest *m, const char *name, tally_stamp stamp)
{
    tally_listed *to = &m->files[m->count++];

    snprintf(to->name, sizeof to->name, "%s", name);
    to->stamp = stamp;
}

/* Weights and shared state are the same on all ranks, so every keeper has written the
 * same bytes as rank 0; if not, the ranks have drifted apart and nothing is saved. */
static tally_status check_shared(const saving *s)
{
    if (memcmp(&s->mine.weights, &s->all[0].weights, sizeof(tally_stamp)) != 0)
        return TALLY_FAIL(MISMATCH,
                          "step %" PRIu64 ": weights differ from those of rank 0",
                          s->what->step);
    if (memcmp(&s->mine.state, &s->all[0].state, sizeof(tally_stamp)) != 0)
        return TALLY_FAIL(MISMATCH,
                          "step %" PRIu64 ": shared state differs from that of rank 0",
                          s->what->step);
    return TALLY_OK;
}

static void fill_manifest(const saving *s, tally_manifest *m)
{
    int size = s->folder->comm->size;
    char name[32];

    m->step = s->what->step;
    m->ranks = (uint64_t)size;
    m->layout_hash = tally_layout_hash(s->what->layout);
    m->data_hash = s->what->data_hash;
    snprintf(m->real, sizeof m->real, "%s", TALLY_REAL_DTYPE);
    list_file(m, tally_weights_name, s->all[0].weights);
    list_file(m, tally_state_name, s->all[0].state);
    for (int r = 0; r < size; r++) {
        tally_rank_name(name, sizeof name, r);
        if (s->all[r].own.bytes) list_file(m, name, s->all[r].own);
    }
}

static tally_status print_manifest(const saving *s, char **text)
{
    tally_manifest m = {0};

    m.files = calloc((size_t)s->folder->comm->size + 2, sizeof *m.files);
    if (!m.files) return TALLY_FAIL(MEMORY, "no memory for the list of a checkpoint");
    fill_manifest(s, &m);
    tally_status status = tally_manifest_print(&m, text);
    tally_manifest_close(&m);
    return status;
}

static tally_status write_manifest(const saving *s)
{
    char path[TALLY_PATH_MOST], *text = NULL;

    TALLY_TRY(check_shared(s));
    TALLY_TRY(tally_path(path, "%s/manifest.json", s->partial));
    TALLY_TRY(print_manifest(s, &text));
    /* Replacing fsyncs the folder too, which by now has the files of all ranks. */
    tally_status status = tally_file_replace(path, text, strlen(text));
    free(text);
    return status;
}

/* ---- making it real ---- */

/* Two folders change places in one step, or in three where the file system (NFS) has no
 * such call. */
static bool exchange(const char *a, const char *b)
{
    char aside[TALLY_PATH_MOST + 16];

    if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    snprintf(aside, sizeof aside, "%s.old.partial", b);
    if (rename(b, aside) != 0) return false;
    if (rename(a, b) == 0) return rename(aside, a) == 0;
    rename(aside, b);
    return false;
}

/* A checkpoint of the same step may be there: a torn one that load passed over, or one
 * that this run saved twice. */
static tally_status publish(saving *s)
{
    char above[TALLY_PATH_MOST];

    TALLY_TRY(tally_path(above, "%s/checkpoints", s->folder->path));
    s->replaced = tally_file_exists(s->final);
    s->renamed = s->replaced ? exchange(s->partial, s->final)
                             : rename(s->partial, s->final) == 0;
    if (!s->renamed)
        return TALLY_FAIL(FILE, "cannot rename %s to %s: %s", s->partial, s->final,
                          strerror(errno));
    TALLY_TRY(tally_directory_sync(above));
    return TALLY_OK;
}

/* Undoes everything on this file system. */
static void retract(const saving *s)
{
    if (s->replaced && s->renamed) exchange(s->partial, s->final);
    bool back = s->renamed && !s->replaced && rename(s->final, s->partial) != 0;

    tally_directory_remove(back ? s->final : s->partial);
}

static tally_status save(saving *s)
{
    tally_comm *c = s->folder->comm;
    bool keeper = tally_folder_is_keeper(s->folder);

    TALLY_TRY(tally_agree(c, keeper ? make_partial(s) : TALLY_OK));
    TALLY_TRY(tally_agree(c, write_files(s)));
    TALLY_TRY(tally_gather_all(c, &s->mine, sizeof s->mine, s->all));
    TALLY_TRY(tally_agree(c, keeper ? write_manifest(s) : TALLY_OK));
    TALLY_TRY(tally_agree(c, keeper ? publish(s) : TALLY_OK));
    return TALLY_OK;
}

/* ---- pruning ---- */

static void remove_step(const char *out, uint64_t step)
{
    char path[TALLY_PATH_MOST], partial[TALLY_PATH_MOST];

    if (tally_checkpoint_path(path, out, step, "") ||
        tally_checkpoint_path(partial, out, step, ".partial"))
        return;
    tally_directory_remove(partial);
    if (rename(path, partial) == 0) tally_directory_remove(partial);
}

/* The checkpoint is saved whatever happens here: what cannot be removed stays. */
static void prune(const tally_folder *f, uint64_t newest, uint64_t keep)
{
    uint64_t *steps, kept = 0;
    size_t count;

    if (tally_checkpoint_list(f->path, &steps, &count) == TALLY_OK)
        for (size_t i = 0; i < count; i++)
            if (steps[i] > newest || kept++ >= (keep ? keep : 1))
                remove_step(f->path, steps[i]);
    free(steps);
}

static tally_status prepare(saving *s)
{
    TALLY_TRY(
        tally_checkpoint_path(s->partial, s->folder->path, s->what->step, ".partial"));
    TALLY_TRY(tally_checkpoint_path(s->final, s->folder->path, s->what->step, ""));
    s->all = calloc((size_t)s->folder->comm->size, sizeof *s->all);
    if (!s->all) return TALLY_FAIL(MEMORY, "no memory for saving a checkpoint");
    return TALLY_OK;
}

tally_status tally_folder_save(tally_folder *folder, const tally_checkpoint *what,
                               uint64_t keep)
{
    saving s = {.folder = folder, .what = what};
    tally_status status = tally_agree(folder->comm, prepare(&s));

    if (!status) status = save(&s);
    /* An agreed failure: no rank goes on.  Without agreement a rank is gone, perhaps
     * after the last one renamed: what is there is left for the next open to judge. */
    if (tally_folder_is_keeper(folder)) {
        if (status == TALLY_OK) {
            tally_directory_remove(s.partial);
            prune(folder, what->step, keep);
        } else if (tally_error_agreed()) {
            retract(&s);
        }
    }
    free(s.all);
    return status;
}

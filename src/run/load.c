/* load.c — the newest checkpoint that is whole on every rank.
 *
 *     every rank   lists the steps, newest first                            agree
 *     rank 0       says which                                               broadcast
 *     for each:
 *       every rank   reads the manifest, weights, state and its own rank's file from
 *                    its own file system; checks sizes and checksums        agree
 *       not good     remember why, take the next
 *     every rank   compares layout, precision, data and ranks with the run  agree
 *     every rank   copies
 *
 * Nothing of the run changes before all ranks know that all of it will. */

#include "base/text.h"
#include "run/arrays.h"
#include "run/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const size_t manifest_most = (size_t)1 << 30;

/* A file of a checkpoint, in memory. */
typedef struct loaded_file {
    char path[TALLY_PATH_MOST];
    char *bytes; /* owned; NULL: not there, and not needed */
    tally_safetensors tensors;
} loaded_file;

typedef struct loaded {
    tally_manifest manifest;
    loaded_file weights, state, own;
} loaded;

static void close_file(loaded_file *file)
{
    tally_safetensors_close(&file->tensors);
    free(file->bytes);
    file->bytes = NULL;
}

static void close_loaded(loaded *l)
{
    if (!l) return;
    tally_manifest_close(&l->manifest);
    close_file(&l->weights);
    close_file(&l->state);
    close_file(&l->own);
    free(l);
}

static tally_status read_manifest(tally_manifest *m, const char *folder)
{
    char path[TALLY_PATH_MOST], *text;
    size_t n;

    TALLY_TRY(tally_path(path, "%s/manifest.json", folder));
    TALLY_TRY(tally_file_read(path, manifest_most, &text, &n));
    tally_status status = tally_manifest_parse(m, path, text, n);
    free(text);
    return status;
}

static tally_status read_file(loaded_file *file, const char *folder,
                              const tally_manifest *m, const char *name)
{
    const tally_listed *listed = tally_manifest_find(m, name);
    size_t n;

    TALLY_TRY(tally_path(file->path, "%s/%s", folder, name));
    if (!listed)
        return TALLY_FAIL(FORMAT, "the manifest of %s does not list %s", folder, name);
    TALLY_TRY(
        tally_file_read(file->path, (size_t)listed->stamp.bytes, &file->bytes, &n));
    if (n != listed->stamp.bytes)
        return TALLY_FAIL(CORRUPT, "%s has %zu bytes, %" PRIu64 " were written",
                          file->path, n, listed->stamp.bytes);
    if (XXH3_64bits(file->bytes, n) != listed->stamp.xxh3)
        return TALLY_FAIL(CORRUPT,
                          "%s is not what was written: its checksum does not "
                          "hold",
                          file->path);
    TALLY_TRY(tally_safetensors_parse(&file->tensors, file->path, file->bytes, n));
    return TALLY_OK;
}

/* What this rank needs of a checkpoint folder, checked.  A rank that the checkpoint
 * does not know has nothing of its own there. */
static tally_status read_checkpoint(loaded *l, const char *folder, int rank)
{
    char name[32];

    TALLY_TRY(read_manifest(&l->manifest, folder));
    TALLY_TRY(read_file(&l->weights, folder, &l->manifest, tally_weights_name));
    if (rank < 0) return TALLY_OK;
    TALLY_TRY(read_file(&l->state, folder, &l->manifest, tally_state_name));
    tally_rank_name(name, sizeof name, rank);
    if (tally_manifest_find(&l->manifest, name))
        TALLY_TRY(read_file(&l->own, folder, &l->manifest, name));
    return TALLY_OK;
}

/* rank -1: the weights alone. */
static tally_status read_step(loaded **l, const char *out, uint64_t step, int rank)
{
    char folder[TALLY_PATH_MOST];

    *l = calloc(1, sizeof **l);
    if (!*l) return TALLY_FAIL(MEMORY, "no memory for reading a checkpoint");
    TALLY_TRY(tally_checkpoint_path(folder, out, step, ""));
    TALLY_TRY(read_checkpoint(*l, folder, rank));
    if ((*l)->manifest.step != step)
        return TALLY_FAIL(FORMAT, "%s holds step %" PRIu64, folder,
                          (*l)->manifest.step);
    return TALLY_OK;
}

/* ---- does it fit the run? ---- */

static tally_status match_weights(const loaded *l, const tally_layout *layout,
                                  const tally_arrays *a)
{
    if (strcmp(l->manifest.real, TALLY_REAL_DTYPE) != 0)
        return TALLY_FAIL(MISMATCH,
                          "%s holds %s values and this build computes in %s: use a "
                          "build of the other precision",
                          l->weights.path, l->manifest.real, TALLY_REAL_DTYPE);
    TALLY_TRY(tally_arrays_match(a, l->weights.path, &l->weights.tensors));
    if (l->manifest.layout_hash != tally_layout_hash(layout))
        return TALLY_FAIL(
            MISMATCH,
            "%s has the tensors of this run in another order, or of other "
            "kinds",
            l->weights.path);
    return TALLY_OK;
}

static tally_status match_ranks(const loaded *l, const tally_arrays *own, int size)
{
    bool held = tally_manifest_find(&l->manifest, "rank-00000.safetensors");

    for (size_t i = 0; i < l->manifest.count; i++)
        held = held || strncmp(l->manifest.files[i].name, "rank-", 5) == 0;
    if (l->manifest.ranks == (uint64_t)size || (!held && own->count == 0))
        return TALLY_OK;
    return TALLY_FAIL(MISMATCH,
                      "the checkpoint holds %s of %" PRIu64
                      " rank%s, each its own; this run has %d rank%s: resume with "
                      "%" PRIu64,
                      own->count ? own->at[0].name : "state", l->manifest.ranks,
                      tally_text_plural(l->manifest.ranks), size,
                      tally_text_plural((uint64_t)size), l->manifest.ranks);
}

static tally_status match_own(const loaded *l, const tally_arrays *own, int rank)
{
    if (l->own.bytes) return tally_arrays_match(own, l->own.path, &l->own.tensors);
    if (own->count == 0) return TALLY_OK;
    return TALLY_FAIL(MISMATCH,
                      "the checkpoint of step %" PRIu64 " holds no %s of rank %d",
                      l->manifest.step, own->at[0].name, rank);
}

/* The arrays of a run, and whether a checkpoint fits them. */
typedef struct target {
    tally_arrays weights, state, own;
} target;

static void close_target(target *t)
{
    tally_arrays_close(&t->weights);
    tally_arrays_close(&t->state);
    tally_arrays_close(&t->own);
}

static tally_status match(target *t, const loaded *l, const tally_checkpoint *what,
                          const tally_comm *c)
{
    TALLY_TRY(tally_arrays_of_weights(&t->weights, what->layout, what->w));
    TALLY_TRY(tally_arrays_of_state(&t->state, what->parts, what->part_count, false));
    TALLY_TRY(tally_arrays_of_state(&t->own, what->parts, what->part_count, true));
    TALLY_TRY(match_weights(l, what->layout, &t->weights));
    if (what->data_hash && l->manifest.data_hash &&
        what->data_hash != l->manifest.data_hash)
        return TALLY_FAIL(MISMATCH,
                          "the checkpoint of step %" PRIu64
                          " was trained on other data (hash %016" PRIx64
                          ", this run has %016" PRIx64 ")",
                          l->manifest.step, l->manifest.data_hash, what->data_hash);
    TALLY_TRY(match_ranks(l, &t->own, c->size));
    TALLY_TRY(tally_arrays_match(&t->state, l->state.path, &l->state.tensors));
    TALLY_TRY(match_own(l, &t->own, c->rank));
    return TALLY_OK;
}

static void fill(const target *t, const loaded *l, tally_checkpoint *what)
{
    tally_arrays_fill(&t->weights, &l->weights.tensors);
    tally_arrays_fill(&t->state, &l->state.tensors);
    tally_arrays_fill(&t->own, &l->own.tensors);
    what->step = l->manifest.step;
    what->ranks = l->manifest.ranks;
}

static tally_status take(const loaded *l, tally_checkpoint *what, tally_comm *c)
{
    target t = {0};
    tally_status status = tally_agree(c, match(&t, l, what, c));

    if (!status) fill(&t, l, what);
    close_target(&t);
    return status;
}

/* ---- which one? ---- */

/* Rank 0 counts for all; but where it has none, and another's own disk has some, a run
 * that starts anew would remove them. */
static tally_status check_lost(const tally_folder *f, const uint64_t *steps,
                               size_t mine, size_t count)
{
    if (count > 0 || mine == 0) return TALLY_OK;
    return TALLY_FAIL(
        FILE,
        "%s holds a checkpoint of step %" PRIu64
        " here, and none on the disk of rank 0: bring them back there, or "
        "remove these to start anew",
        f->path, steps[0]);
}

/* Rank 0's list, on all ranks. */
static tally_status share_list(tally_folder *f, uint64_t **steps, size_t *count)
{
    tally_comm *c = f->comm;
    uint64_t n = 0;

    TALLY_TRY(tally_agree(c, tally_checkpoint_list(f->path, steps, count)));
    n = *count;
    TALLY_TRY(tally_broadcast(c, 0, &n, sizeof n));
    tally_status status = check_lost(f, *steps, *count, (size_t)n);
    *count = (size_t)n;
    if (!status && c->rank != 0) {
        free(*steps);
        if (!(*steps = calloc(*count + 1, sizeof **steps)))
            status = TALLY_FAIL(MEMORY, "no memory for %zu steps", *count);
    }
    TALLY_TRY(tally_agree(c, status));
    if (*count) TALLY_TRY(tally_broadcast(c, 0, *steps, *count * sizeof **steps));
    return TALLY_OK;
}

/* Every file system holds the same manifest, or they hold checkpoints of two runs. */
static tally_status check_same(tally_comm *c, tally_status mine, const loaded *l)
{
    uint64_t first = mine == TALLY_OK ? l->manifest.xxh3 : 0;

    TALLY_TRY(tally_broadcast(c, 0, &first, sizeof first));
    if (mine == TALLY_OK && first && first != l->manifest.xxh3)
        mine = TALLY_FAIL(CORRUPT,
                          "step %" PRIu64 " belongs to another run than that of rank 0",
                          l->manifest.step);
    return tally_agree(c, mine);
}

/* A failure of the file, not of this run: an older checkpoint may do. */
static bool is_torn(tally_status status)
{
    return tally_error_agreed() &&
           (status == TALLY_FILE || status == TALLY_FORMAT || status == TALLY_CORRUPT);
}

/* What was passed over, and why; text may be NULL. */
typedef struct reasons {
    uint64_t count;
    char *text;
    size_t most;
} reasons;

static void add_reason(reasons *r)
{
    size_t used = r->most ? strlen(r->text) : 0;

    if (r->most)
        snprintf(r->text + used, r->most - used, "%s%s", used ? "; " : "",
                 tally_error_sentence());
    r->count++;
}

static tally_status find_whole(tally_folder *f, const uint64_t *steps, size_t count,
                               loaded **l, reasons *r)
{
    for (size_t i = 0; i < count; i++) {
        tally_status status = read_step(l, f->path, steps[i], f->comm->rank);

        status = check_same(f->comm, status, *l);
        if (!status) return TALLY_OK;
        close_loaded(*l);
        *l = NULL;
        if (!is_torn(status)) return status;
        add_reason(r);
    }
    tally_status none =
        TALLY_FAIL(FILE, "%s holds no whole checkpoint (%" PRIu64 " are not): %s",
                   f->path, r->count, tally_error_sentence());
    return tally_agree(f->comm, none); /* all know already; now the failure says so */
}

tally_status tally_folder_load(tally_folder *folder, tally_checkpoint *what,
                               uint64_t *skipped, char *why, size_t most)
{
    reasons r = {0, why, most};
    uint64_t *steps;
    size_t count;
    loaded *l = NULL;

    if (most) why[0] = '\0';
    what->ranks = 0;
    tally_status status = share_list(folder, &steps, &count);
    if (!status && count) {
        status = find_whole(folder, steps, count, &l, &r);
        if (!status) status = take(l, what, folder->comm);
    }
    close_loaded(l);
    free(steps);
    *skipped = r.count;
    return status;
}

/* ---- weights alone ---- */

static tally_status take_weights(const loaded *l, const tally_layout *layout,
                                 tally_real *w, uint64_t *step)
{
    tally_arrays a;
    tally_status status = tally_arrays_of_weights(&a, layout, w);

    if (!status) status = match_weights(l, layout, &a);
    if (!status) {
        tally_arrays_fill(&a, &l->weights.tensors);
        if (step) *step = l->manifest.step;
    }
    tally_arrays_close(&a);
    return status;
}

/* The newest good one of a run folder. */
static tally_status read_newest(loaded **l, const char *path)
{
    uint64_t *steps;
    size_t count;
    tally_status status = tally_checkpoint_list(path, &steps, &count);

    if (!status && count == 0)
        status = TALLY_FAIL(FILE,
                            "%s is neither a run folder with a checkpoint nor a "
                            "checkpoint",
                            path);
    for (size_t i = 0; i < count; i++) {
        close_loaded(*l);
        status = read_step(l, path, steps[i], -1);
        if (status != TALLY_FILE && status != TALLY_FORMAT && status != TALLY_CORRUPT)
            break;
    }
    free(steps);
    return status;
}

tally_status tally_folder_weights(const char *path, const tally_layout *layout,
                                  tally_real *w, uint64_t *step)
{
    char inside[TALLY_PATH_MOST];
    loaded *l = NULL;

    TALLY_TRY(tally_path(inside, "%s/%s", path, tally_weights_name));
    tally_status status;
    if (tally_file_exists(inside)) {
        l = calloc(1, sizeof *l);
        status = l ? read_checkpoint(l, path, -1)
                   : TALLY_FAIL(MEMORY, "no memory for reading a checkpoint");
    } else {
        status = read_newest(&l, path);
    }
    if (!status) status = take_weights(l, layout, w, step);
    close_loaded(l);
    return status;
}

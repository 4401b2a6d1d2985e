/* folder.c — opening a run folder: who keeps it, who may use it, what must go first.
 *
 *     every rank   creates OUT/.seen-<nonce>-<rank>          the nonce is rank 0's
 *     all          agree
 *     every rank   its keeper is the lowest rank whose file it sees
 *     all          agree, then each removes its own file
 *     keepers      lock OUT/lock, look what is there, remove *.partial
 *
 * Nothing asks which file system a path is on: what a rank sees is what counts.  The
 * lock is flock's, so the kernel lets go of it however the process ends. */

#include "run/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

/* Without resume the folder is made; with it, it must be there. */
static tally_status prepare(const char *path, bool resume)
{
    char inside[TALLY_PATH_MOST];

    TALLY_TRY(tally_path(inside, "%s/checkpoints", path));
    if (resume && !tally_file_exists(path))
        return TALLY_FAIL(FILE, "cannot resume %s: there is no such folder", path);
    TALLY_TRY(tally_directory_make(inside));
    return TALLY_OK;
}

/* ---- keepers ---- */

static tally_status seen_path(char *to, const tally_folder *f, uint64_t nonce, int rank)
{
    return tally_path(to, "%s/.seen-%016" PRIx64 "-%05d", f->path, nonce, rank);
}

static tally_status show(const tally_folder *f, uint64_t nonce)
{
    char path[TALLY_PATH_MOST];

    TALLY_TRY(seen_path(path, f, nonce, f->comm->rank));
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return TALLY_FAIL(FILE, "cannot create %s: %s", path, strerror(errno));
    close(descriptor);
    return TALLY_OK;
}

static void hide(const tally_folder *f, uint64_t nonce)
{
    char path[TALLY_PATH_MOST];

    if (seen_path(path, f, nonce, f->comm->rank) == TALLY_OK) unlink(path);
}

static tally_status look(tally_folder *f, uint64_t nonce)
{
    char path[TALLY_PATH_MOST];

    for (f->keeper = 0; f->keeper < f->comm->rank; f->keeper++) {
        TALLY_TRY(seen_path(path, f, nonce, f->keeper));
        if (tally_file_exists(path)) break;
    }
    return TALLY_OK;
}

static tally_status elect(tally_folder *f)
{
    uint64_t nonce = 0;

    if (f->comm->rank == 0 && getrandom(&nonce, sizeof nonce, 0) != sizeof nonce)
        nonce = (uint64_t)getpid();
    TALLY_TRY(tally_broadcast(f->comm, 0, &nonce, sizeof nonce));
    tally_status status = tally_agree(f->comm, show(f, nonce));
    if (!status) status = tally_agree(f->comm, look(f, nonce));
    hide(f, nonce);
    TALLY_TRY(status);
    return TALLY_OK;
}

/* ---- what a keeper does ---- */

static tally_status lock(tally_folder *f)
{
    char path[TALLY_PATH_MOST];

    TALLY_TRY(tally_path(path, "%s/lock", f->path));
    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (f->lock < 0)
        return TALLY_FAIL(FILE, "cannot open %s: %s", path, strerror(errno));
    if (flock(f->lock, LOCK_EX | LOCK_NB) == 0) return TALLY_OK;
    if (errno == EWOULDBLOCK)
        return TALLY_FAIL(BUSY,
                          "another run is using %s: wait for its end, or choose "
                          "another --out",
                          f->path);
    return TALLY_FAIL(FILE, "cannot lock %s: %s", path, strerror(errno));
}

static tally_status check_content(const tally_folder *f, bool resume)
{
    char path[TALLY_PATH_MOST];
    uint64_t *steps;
    size_t count;

    TALLY_TRY(tally_path(path, "%s/manifest.json", f->path));
    tally_status status = tally_checkpoint_list(f->path, &steps, &count);
    free(steps);
    TALLY_TRY(status);
    bool holds = count > 0 || tally_file_exists(path);
    if (resume && !holds)
        return TALLY_FAIL(FILE,
                          "cannot resume %s: it holds no run (no manifest.json, no "
                          "checkpoint)",
                          f->path);
    if (!resume && holds)
        return TALLY_FAIL(BUSY,
                          "%s holds a run already: go on with --resume %s, or choose "
                          "another --out",
                          f->path, f->path);
    return TALLY_OK;
}

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name), n = strlen(end);

    return length >= n && strcmp(name + length - n, end) == 0;
}

/* Removes OUT/checkpoints/step-*.partial: saves and prunings that a kill cut short. */
static tally_status remove_partial(const tally_folder *f)
{
    tally_status status = TALLY_OK;
    char above[TALLY_PATH_MOST], path[TALLY_PATH_MOST];
    struct dirent *entry;

    TALLY_TRY(tally_path(above, "%s/checkpoints", f->path));
    DIR *directory = opendir(above);
    if (!directory)
        return TALLY_FAIL(FILE, "cannot list %s: %s", above, strerror(errno));
    while (!status && (entry = readdir(directory))) {
        if (strncmp(entry->d_name, "step-", 5) != 0) continue;
        if (!ends_in(entry->d_name, ".partial")) continue;
        status = tally_path(path, "%s/%s", above, entry->d_name);
        if (!status && !tally_directory_remove(path))
            status =
                TALLY_FAIL(FILE, "cannot remove %s, left by an interrupted save", path);
    }
    closedir(directory);
    return status;
}

/* Removes OUT/.seen-*: ranks that a kill cut short while they looked for each other. */
static void remove_seen(const tally_folder *f)
{
    DIR *directory = opendir(f->path);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)))
        if (strncmp(entry->d_name, ".seen-", 6) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory) closedir(directory);
}

static tally_status take(tally_folder *f, bool resume)
{
    TALLY_TRY(lock(f));
    TALLY_TRY(check_content(f, resume));
    TALLY_TRY(remove_partial(f));
    remove_seen(f);
    return TALLY_OK;
}

/* ---- open and close ---- */

static tally_status set_up(tally_folder *f, bool resume)
{
    TALLY_TRY(tally_agree(f->comm, prepare(f->path, resume)));
    TALLY_TRY(elect(f));
    TALLY_TRY(
        tally_agree(f->comm, tally_folder_is_keeper(f) ? take(f, resume) : TALLY_OK));
    return TALLY_OK;
}

static tally_status allocate(tally_folder **folder, tally_comm *c, const char *path)
{
    *folder = calloc(1, sizeof **folder);
    if (!*folder) return TALLY_FAIL(MEMORY, "no memory for the run folder %s", path);
    (*folder)->comm = c;
    (*folder)->lock = -1;
    TALLY_TRY(tally_path((*folder)->path, "%s", path));
    return TALLY_OK;
}

tally_status tally_folder_open(tally_folder **folder, tally_comm *c, const char *path,
                               bool resume)
{
    tally_status status = tally_agree(c, allocate(folder, c, path));

    if (!status) status = set_up(*folder, resume);
    if (status) {
        tally_folder_close(*folder);
        *folder = NULL;
    }
    return status;
}

void tally_folder_close(tally_folder *folder)
{
    if (!folder) return;
    if (folder->lock >= 0) close(folder->lock);
    free(folder);
}

const char *tally_folder_path(const tally_folder *folder)
{
    return folder->path;
}

/* ---- the run's own manifest ---- */

static tally_status write_description(const tally_folder *f, const char *text)
{
    char path[TALLY_PATH_MOST];

    TALLY_TRY(tally_path(path, "%s/manifest.json", f->path));
    TALLY_TRY(tally_file_replace(path, text, strlen(text)));
    return TALLY_OK;
}

tally_status tally_folder_describe(tally_folder *folder, const char *text)
{
    bool keeper = tally_folder_is_keeper(folder);

    TALLY_TRY(
        tally_agree(folder->comm, keeper ? write_description(folder, text) : TALLY_OK));
    return TALLY_OK;
}

tally_status tally_folder_description(const char *path, char **text)
{
    static const size_t most = (size_t)64 << 20;
    char inside[TALLY_PATH_MOST];
    size_t n;

    *text = NULL;
    TALLY_TRY(tally_path(inside, "%s/manifest.json", path));
    TALLY_TRY(tally_file_read(inside, most, text, &n));
    return TALLY_OK;
}

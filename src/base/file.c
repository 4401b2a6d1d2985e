/* file.c — files that are whole on disk, or known not to be.
 *
 *     write:    create, write ... write (hash on the way), fsync, close
 *     replace:  path.new written as above, rename over path, fsync of the directory
 *
 * A rename within a directory is atomic on every POSIX file system; that it survives a
 * power cut needs the fsyncs before and after.  What it does not do: retry, or guess
 * what a failing disk meant. */

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

tally_status tally_path(char *to, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(to, TALLY_PATH_MOST, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= TALLY_PATH_MOST)
        return TALLY_FAIL(FILE, "the path %.60s... is longer than %d bytes", to,
                          TALLY_PATH_MOST - 1);
    return TALLY_OK;
}

tally_status tally_file_create(tally_file *f, const char *path)
{
    f->open = false;
    f->hash = NULL;
    f->stamp = (tally_stamp){0};
    TALLY_TRY(tally_path(f->path, "%s", path));
    f->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->descriptor < 0)
        return TALLY_FAIL(FILE, "cannot create %s: %s", path, strerror(errno));
    f->open = true;
    f->hash = XXH3_createState();
    if (!f->hash || XXH3_64bits_reset(f->hash) != XXH_OK)
        return TALLY_FAIL(MEMORY, "no memory for the checksum of %s", path);
    return TALLY_OK;
}

tally_status tally_file_write(tally_file *f, const void *p, size_t n)
{
    const char *at = p;

    if (n && XXH3_64bits_update(f->hash, p, n) != XXH_OK)
        return TALLY_FAIL(MEMORY, "cannot compute the checksum of %s", f->path);
    f->stamp.bytes += n;
    while (n > 0) {
        ssize_t done = write(f->descriptor, at, n);

        if (done < 0 && errno == EINTR) continue;
        if (done <= 0)
            return TALLY_FAIL(FILE, "cannot write %s at byte %llu: %s", f->path,
                              (unsigned long long)(f->stamp.bytes - n),
                              done < 0 ? strerror(errno) : "nothing was written");
        at += done;
        n -= (size_t)done;
    }
    return TALLY_OK;
}

tally_status tally_file_finish(tally_file *f)
{
    if (fsync(f->descriptor) != 0)
        return TALLY_FAIL(FILE, "cannot fsync %s: %s", f->path, strerror(errno));
    f->open = false;
    if (close(f->descriptor) != 0)
        return TALLY_FAIL(FILE, "cannot close %s: %s", f->path, strerror(errno));
    f->stamp.xxh3 = XXH3_64bits_digest(f->hash);
    return TALLY_OK;
}

void tally_file_close(tally_file *f)
{
    if (f->open) close(f->descriptor);
    f->open = false;
    XXH3_freeState(f->hash);
    f->hash = NULL;
}

/* Reads n bytes into bytes, which the caller frees. */
static tally_status read_all(int descriptor, const char *path, char *bytes, size_t n)
{
    size_t used = 0;

    while (used < n) {
        ssize_t done = read(descriptor, bytes + used, n - used);

        if (done < 0 && errno == EINTR) continue;
        if (done < 0)
            return TALLY_FAIL(FILE, "cannot read %s at byte %zu: %s", path, used,
                              strerror(errno));
        if (done == 0)
            return TALLY_FAIL(FILE, "%s ends at byte %zu while being read, of %zu",
                              path, used, n);
        used += (size_t)done;
    }
    bytes[n] = '\0';
    return TALLY_OK;
}

static tally_status read_open(int descriptor, const char *path, size_t most,
                              char **bytes, size_t *n)
{
    struct stat facts;

    if (fstat(descriptor, &facts) != 0)
        return TALLY_FAIL(FILE, "cannot ask for the size of %s: %s", path,
                          strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return TALLY_FAIL(FILE, "%s is not a regular file", path);
    if ((uint64_t)facts.st_size > most)
        return TALLY_FAIL(FILE, "%s has %lld bytes, at most %zu are expected", path,
                          (long long)facts.st_size, most);
    *n = (size_t)facts.st_size;
    *bytes = malloc(*n + 1);
    if (!*bytes) return TALLY_FAIL(MEMORY, "no memory for %s of %zu bytes", path, *n);
    TALLY_TRY(read_all(descriptor, path, *bytes, *n));
    return TALLY_OK;
}

tally_status tally_file_read(const char *path, size_t most, char **bytes, size_t *n)
{
    /* Not blocking, so that a FIFO in place of a file is found out, not waited for. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *bytes = NULL;
    if (descriptor < 0)
        return TALLY_FAIL(FILE, "cannot open %s: %s", path, strerror(errno));
    tally_status status = read_open(descriptor, path, most, bytes, n);
    close(descriptor);
    if (status) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}

bool tally_file_exists(const char *path)
{
    struct stat facts;

    return lstat(path, &facts) == 0;
}

/* ---- directories ---- */

tally_status tally_directory_sync(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0)
        return TALLY_FAIL(FILE, "cannot open the directory %s: %s", path,
                          strerror(errno));
    /* EINVAL: this file system has no fsync of directories; it orders names itself. */
    bool good = fsync(descriptor) == 0 || errno == EINVAL;
    int why = errno;
    close(descriptor);
    if (!good)
        return TALLY_FAIL(FILE, "cannot fsync the directory %s: %s", path,
                          strerror(why));
    return TALLY_OK;
}

/* The directory that a path is in. */
static tally_status find_above(char *to, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) return tally_path(to, ".");
    return tally_path(to, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static tally_status make_one(const char *path)
{
    char above[TALLY_PATH_MOST];
    struct stat facts;

    if (mkdir(path, 0777) == 0) {
        TALLY_TRY(find_above(above, path));
        TALLY_TRY(tally_directory_sync(above));
        return TALLY_OK;
    }
    int why = errno;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) return TALLY_OK;
    return TALLY_FAIL(FILE, "cannot make the directory %s: %s", path, strerror(why));
}

tally_status tally_directory_make(const char *path)
{
    char part[TALLY_PATH_MOST];

    if (!path[0]) return TALLY_FAIL(FILE, "the name of the directory is empty");
    TALLY_TRY(tally_path(part, "%s", path));
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TALLY_TRY(make_one(part));
        *slash = '/';
    }
    TALLY_TRY(make_one(part));
    return TALLY_OK;
}

bool tally_directory_remove(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    if (!directory) return errno == ENOENT;
    while ((entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    return rmdir(path) == 0;
}

/* ---- replacing ---- */

static tally_status write_all(const char *path, const tally_file_piece *pieces,
                              size_t count)
{
    tally_file file = {0};
    tally_status status = tally_file_create(&file, path);

    for (size_t i = 0; !status && i < count; i++)
        status = tally_file_write(&file, pieces[i].at, pieces[i].n);
    if (!status) status = tally_file_finish(&file);
    tally_file_close(&file);
    return status;
}

tally_status tally_file_replace_pieces(const char *path, const char *fresh,
                                       const tally_file_piece *pieces, size_t count)
{
    char above[TALLY_PATH_MOST];
    tally_status status = write_all(fresh, pieces, count);

    if (!status && rename(fresh, path) != 0)
        status = TALLY_FAIL(FILE, "cannot rename %s to %s: %s", fresh, path,
                            strerror(errno));
    if (status) {
        unlink(fresh);
        return status;
    }
    TALLY_TRY(find_above(above, path));
    TALLY_TRY(tally_directory_sync(above));
    return TALLY_OK;
}

tally_status tally_file_replace(const char *path, const char *text, size_t n)
{
    char fresh[TALLY_PATH_MOST];

    TALLY_TRY(tally_path(fresh, "%s.new", path));
    TALLY_TRY(tally_file_replace_pieces(path, fresh, &(tally_file_piece){text, n}, 1));
    return TALLY_OK;
}

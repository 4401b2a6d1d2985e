/* graph_cache.c — propagated features on disk, to be read again instead of made.
 *
 *     DIR/graph-KEY: "tally graph 1\0\0\0" | key | bytes of rows | bytes of the middle
 *                    | XXH3-64 of what follows | rows | middle
 *
 * KEY, 16 hexadecimal digits, hashes the graph, the split, the hops, how many rows are
 * kept and the precision, so a change of any is another file.  Numbers are as in
 * memory: a cache belongs to one kind of machine, and elsewhere is damaged.  It is
 * written beside and renamed, so ranks that start together may all write it. */

#include "data/graph_cache.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

typedef struct header {
    char magic[16];
    uint64_t key, rows, middle, checksum;
} header;

/* The header that h should have; the checksum is of what h holds. */
static tally_status describe(const tally_hops *h, uint64_t key, header *of)
{
    XXH3_state_t *hash = XXH3_createState();

    if (!hash || XXH3_64bits_reset(hash) != XXH_OK) {
        XXH3_freeState(hash);
        return TALLY_FAIL(MEMORY, "no memory for a checksum");
    }
    *of = (header){.magic = "tally graph 1",
                   .key = key,
                   .rows = tally_hops_row_bytes(h),
                   .middle = tally_hops_middle_bytes(h)};
    XXH3_64bits_update(hash, h->rows, of->rows);
    if (of->middle) XXH3_64bits_update(hash, h->middle_rows, of->middle);
    of->checksum = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    return TALLY_OK;
}

/* ---- reading ---- */

static tally_status read_bytes(int file, const char *path, void *to, size_t n)
{
    char *at = to;

    while (n > 0) {
        ssize_t got = read(file, at, n);

        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return TALLY_FAIL(FILE, "cannot read %s: %s", path,
                              got < 0 ? strerror(errno) : "it ends early");
        at += got;
        n -= (size_t)got;
    }
    return TALLY_OK;
}

/* The rows into h, which has room for them. */
static tally_status read_open(tally_hops *h, int file, const char *path, uint64_t key)
{
    size_t rows = tally_hops_row_bytes(h), middle = tally_hops_middle_bytes(h);
    header has, should;
    struct stat facts;

    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        (uint64_t)facts.st_size != sizeof has + rows + middle)
        return TALLY_FAIL(CORRUPT, "%s is not a file of %zu bytes", path,
                          sizeof has + rows + middle);
    TALLY_TRY(read_bytes(file, path, &has, sizeof has));
    TALLY_TRY(read_bytes(file, path, h->rows, rows));
    TALLY_TRY(read_bytes(file, path, h->middle_rows, middle));
    TALLY_TRY(describe(h, key, &should));
    if (memcmp(&has, &should, sizeof has) != 0)
        return TALLY_FAIL(CORRUPT, "the checksum of %s does not hold", path);
    return TALLY_OK;
}

/* *found: false when there is no such file, or it is of no use. */
static void look(tally_hops *h, const char *path, uint64_t key, bool *found, char *said,
                 size_t most)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *found = false;
    if (file < 0 && errno == ENOENT) return;
    tally_status status =
        file < 0 ? TALLY_FAIL(FILE, "cannot open %s: %s", path, strerror(errno))
                 : read_open(h, file, path, key);
    if (file >= 0) close(file);
    *found = status == TALLY_OK;
    if (status)
        snprintf(said, most, "%s: the features are made again", tally_error_sentence());
    tally_error_clear();
}

/* ---- writing ---- */

static tally_status save(const tally_hops *h, const char *path, uint64_t key)
{
    char fresh[TALLY_PATH_MOST];
    header head;

    TALLY_TRY(tally_path(fresh, "%s.new.%ld", path, (long)getpid()));
    TALLY_TRY(describe(h, key, &head));
    const tally_file_piece pieces[] = {
        {&head,          sizeof head},
        {h->rows,        head.rows  },
        {h->middle_rows, head.middle},
    };
    TALLY_TRY(tally_file_replace_pieces(path, fresh, pieces, 3));
    return TALLY_OK;
}

tally_status tally_graph_cache_open(tally_hops *h, const char *cache, uint64_t key,
                                    char *said, size_t most)
{
    char path[TALLY_PATH_MOST];
    bool found;

    *said = '\0';
    TALLY_TRY(tally_path(path, "%s/graph-%016llx", cache, (unsigned long long)key));
    TALLY_TRY(tally_hops_allocate(h));
    look(h, path, key, &found, said, most);
    if (found) return TALLY_OK;
    TALLY_TRY(tally_hops_compute(h));
    tally_status status = tally_directory_make(cache);
    if (!status) status = save(h, path, key);
    if (status) {
        snprintf(said, most, "%s: the features are not cached", tally_error_sentence());
        tally_error_clear();
    }
    return TALLY_OK;
}

/* file.c — a whole file in memory, unpacked when it is gzip.
 *
 *     1F 8B | 08 | flags | ... | deflate | CRC-32 | length mod 2^32
 *
 * Deutsch, GZIP file format specification 4.3, 1996, RFC 1952.  Content decides, not
 * the name.  Strict: one regular file, one member, nothing after it, the CRC and the
 * length right.  libdeflate unpacks it, in two thirds of zlib's time, and says only
 * that something is wrong; then zlib reads it again and says what and where.
 *
 * Memory: the packed and the unpacked bytes at once while unpacking, then the unpacked
 * alone.  The trailer's length is a hint for the first allocation, and bounded by what
 * deflate can reach (1032 : 1), so that a small hostile file cannot ask for much.
 *
 * It does not read concatenated members, which are legal gzip: it names them. */

#define ZLIB_CONST
#include "data/file.h"

#include "tally/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { DEFLATE_RATIO_MOST = 1032, ROOM_LEAST = 4096, GZIP_LEAST = 18, FILE_NAME = 8 };

/* zlib counts in 32 bits; it is fed and drained in pieces of this many bytes. */
static const size_t piece_most = (size_t)1 << 30;

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static tally_status set_name(tally_data_file *f, const char *name)
{
    *f = (tally_data_file){.name = strdup(name)};
    if (!f->name) return TALLY_FAIL(MEMORY, "%s: no memory for its name", name);
    return TALLY_OK;
}

/* ---- gzip ---- */

static bool is_gzip(const uint8_t *bytes, size_t count)
{
    return count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* How much the trailer says there is, as far as that can be true. */
static size_t first_room(const uint8_t *bytes, size_t count)
{
    if (count < GZIP_LEAST) return ROOM_LEAST;
    const uint8_t *length = bytes + count - 4;
    size_t says = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 |
                  (size_t)length[3] << 24;

    return smaller(says, count * DEFLATE_RATIO_MOST) + ROOM_LEAST;
}

static tally_status grow(tally_data_file *f, size_t *room)
{
    if (*room >= TALLY_DATA_FILE_MOST)
        return TALLY_FAIL(FORMAT, "%s unpacks to more than %llu bytes", f->name,
                          (unsigned long long)TALLY_DATA_FILE_MOST);
    size_t more = smaller(*room * 2, TALLY_DATA_FILE_MOST);
    uint8_t *grown = realloc(f->bytes, more);
    if (!grown) return TALLY_FAIL(MEMORY, "%s: no memory for %zu bytes", f->name, more);
    f->bytes = grown;
    *room = more;
    return TALLY_OK;
}

/* What zlib found wrong after `used` bytes.  It has read a wrong checksum or length to
 * its last byte. */
static tally_status refuse(const tally_data_file *f, int code, const char *words,
                           size_t used)
{
    if (code == Z_MEM_ERROR)
        return TALLY_FAIL(MEMORY, "%s: no memory to unpack it", f->name);
    if (words && strcmp(words, "incorrect data check") == 0)
        return TALLY_FAIL(
            FORMAT, "%s: the CRC-32 at byte %zu is not that of the unpacked bytes",
            f->name, used - 4);
    if (words && strcmp(words, "incorrect length check") == 0)
        return TALLY_FAIL(FORMAT,
                          "%s: the length at byte %zu is not %zu, what was unpacked",
                          f->name, used - 4, f->count);
    return TALLY_FAIL(FORMAT, "%s: gzip breaks off at byte %zu: %s", f->name, used,
                      words ? words : "no deflate data");
}

/* Nothing may follow the member that ended after `used` bytes. */
static tally_status check_rest(const tally_data_file *f, const uint8_t *rest,
                               size_t used, size_t count)
{
    if (used == count) return TALLY_OK;
    if (is_gzip(rest, count - used))
        return TALLY_FAIL(FORMAT,
                          "%s: a second gzip member starts at byte %zu; concatenated "
                          "members are not read, expected one",
                          f->name, used);
    return TALLY_FAIL(FORMAT,
                      "%s: %zu bytes of garbage from byte %zu, expected the end there",
                      f->name, count - used, used);
}

/* Inflates into f->bytes, which has `room` bytes and grows. */
static tally_status run_inflate(tally_data_file *f, z_stream *z, const uint8_t *bytes,
                                size_t count, size_t room)
{
    size_t used = 0;

    for (;;) {
        size_t in = smaller(count - used, piece_most);
        size_t out = smaller(room - f->count, piece_most);

        z->next_in = bytes + used;
        z->avail_in = (uInt)in;
        z->next_out = f->bytes + f->count;
        z->avail_out = (uInt)out;
        int code = inflate(z, Z_NO_FLUSH);
        used += in - z->avail_in;
        f->count += out - z->avail_out;
        if (code == Z_STREAM_END) return check_rest(f, bytes + used, used, count);
        if (code != Z_OK && code != Z_BUF_ERROR) return refuse(f, code, z->msg, used);
        if (z->avail_out > 0 && used == count)
            return TALLY_FAIL(FORMAT,
                              "%s: the file ends at byte %zu, inside its gzip member",
                              f->name, count);
        if (f->count == room) TALLY_TRY(grow(f, &room));
    }
}

/* All is well with the member, and it is in f->bytes.  Headers that hold more than a
 * name are left to zlib, since libdeflate skips their checksum. */
static bool unpack_at_once(tally_data_file *f, const uint8_t *bytes, size_t count,
                           size_t room)
{
    size_t used, got;

    if (count < GZIP_LEAST || (bytes[3] & ~FILE_NAME)) return false;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d) return false;
    enum libdeflate_result code =
        libdeflate_gzip_decompress_ex(d, bytes, count, f->bytes, room, &used, &got);
    libdeflate_free_decompressor(d);
    if (code != LIBDEFLATE_SUCCESS || used != count) return false;
    f->count = got;
    return true;
}

static tally_status unpack(tally_data_file *f, const uint8_t *bytes, size_t count)
{
    z_stream z = {0};
    size_t room = first_room(bytes, count);

    f->bytes = tally_allocate(room, 1);
    if (!f->bytes)
        return TALLY_FAIL(MEMORY, "%s: no memory for %zu bytes", f->name, room);
    if (unpack_at_once(f, bytes, count, room)) return TALLY_OK;
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return TALLY_FAIL(MEMORY, "%s: no memory to unpack it", f->name);
    tally_status status = run_inflate(f, &z, bytes, count, room);
    inflateEnd(&z);
    return status;
}

/* ---- files ---- */

/* *count <- the size of a regular file that has one worth reading. */
static tally_status check_file(const char *path, int file, size_t *count)
{
    struct stat facts;

    if (fstat(file, &facts) != 0)
        return TALLY_FAIL(FILE, "cannot look at %s: %s", path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return TALLY_FAIL(FILE, "%s is a folder, expected a file", path);
    if (!S_ISREG(facts.st_mode))
        return TALLY_FAIL(FILE, "%s is a pipe or device, expected a regular file",
                          path);
    if (facts.st_size <= 0)
        return TALLY_FAIL(FORMAT, "%s is empty, expected data from byte 0", path);
    if ((uint64_t)facts.st_size > TALLY_DATA_FILE_MOST)
        return TALLY_FAIL(FORMAT, "%s has %llu bytes, expected at most %llu", path,
                          (unsigned long long)facts.st_size,
                          (unsigned long long)TALLY_DATA_FILE_MOST);
    *count = (size_t)facts.st_size;
    return TALLY_OK;
}

static tally_status read_bytes(tally_data_file *f, int file)
{
    size_t count = 0, done = 0;

    TALLY_TRY(check_file(f->name, file, &count));
    f->bytes = malloc(count);
    if (!f->bytes)
        return TALLY_FAIL(MEMORY, "%s: no memory for %zu bytes", f->name, count);
    while (done < count) {
        ssize_t got = read(file, f->bytes + done, smaller(count - done, piece_most));

        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return TALLY_FAIL(FILE, "cannot read %s at byte %zu: %s", f->name, done,
                              strerror(errno));
        if (got == 0)
            return TALLY_FAIL(FILE,
                              "%s ended at byte %zu while it was read, expected "
                              "%zu bytes",
                              f->name, done, count);
        done += (size_t)got;
    }
    f->count = count;
    return TALLY_OK;
}

void tally_data_file_close(tally_data_file *f)
{
    free(f->name);
    free(f->bytes);
    *f = (tally_data_file){0};
}

/* Replaces the packed bytes of f by the unpacked ones. */
static tally_status unpack_in_place(tally_data_file *f)
{
    uint8_t *packed = f->bytes;
    size_t count = f->count;

    if (!is_gzip(packed, count)) return TALLY_OK;
    f->bytes = NULL;
    f->count = 0;
    tally_status status = unpack(f, packed, count);
    free(packed);
    return status;
}

tally_status tally_data_file_read(tally_data_file *f, const char *path)
{
    TALLY_TRY(set_name(f, path));
    /* Without O_NONBLOCK the open itself waits for the writer of a FIFO. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return TALLY_FAIL(FILE, "cannot open %s: %s", path, strerror(errno));
    tally_status status = read_bytes(f, file);
    close(file);
    TALLY_TRY(status);
    TALLY_TRY(unpack_in_place(f));
    return TALLY_OK;
}

tally_status tally_data_file_unpack(tally_data_file *f, const char *name,
                                    const uint8_t *bytes, size_t count)
{
    TALLY_TRY(set_name(f, name));
    if (count == 0)
        return TALLY_FAIL(FORMAT, "%s is empty, expected data from byte 0", name);
    if (is_gzip(bytes, count)) {
        TALLY_TRY(unpack(f, bytes, count));
        return TALLY_OK;
    }
    f->bytes = malloc(count);
    if (!f->bytes)
        return TALLY_FAIL(MEMORY, "%s: no memory for %zu bytes", name, count);
    memcpy(f->bytes, bytes, count);
    f->count = count;
    return TALLY_OK;
}

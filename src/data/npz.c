/* npz.c — the named arrays of an archive of NumPy, all in memory.
 *
 *     zip: adj_data.npy, adj_indices.npy, ...   each stored, or deflated
 *
 * What numpy.savez and numpy.savez_compressed write; PKWARE, APPNOTE: .ZIP File Format
 * Specification 6.3.  libzip walks the archive and holds central against local headers,
 * inflates and checks each CRC-32; what it would let pass and an .npz never has is
 * refused here: encryption, methods other than stored and deflated, names that are not
 * KEY.npy, ratios that deflate cannot reach, more than 1 GiB an array or 4 GiB in all.
 * Sizes are checked before anything is allocated for them.
 *
 * Memory: the packed bytes while reading, then the arrays as they are in the file. */

#include "data/npz.h"

#include "data/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zip.h>

enum { DEFLATE_RATIO_MOST = 1032 };

static const uint64_t array_most = UINT64_C(1) << 30, archive_most = UINT64_C(1) << 32;

/* ---- one member ---- */

/* *length <- of the key before ".npy"; false when the name has another form. */
static bool is_key(const char *name, size_t *length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-";

    *length = strlen(name);
    if (*length < 5 || strcmp(name + *length - 4, ".npy") != 0) return false;
    *length -= 4;
    return strspn(name, letters) >= *length && strncmp(name, "..", 2) != 0;
}

static tally_status check_entry(const tally_npz *z, const zip_stat_t *e)
{
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    size_t length;

    if ((e->valid & needed) != needed)
        return TALLY_FAIL(FORMAT, "%s: an entry lacks its name or sizes", z->name);
    if (!is_key(e->name, &length))
        return TALLY_FAIL(FORMAT,
                          "%s holds \"%.64s\", expected arrays such as "
                          "adj_data.npy alone",
                          z->name, e->name);
    if (e->encryption_method != ZIP_EM_NONE)
        return TALLY_FAIL(FORMAT, "%s: %.64s is encrypted", z->name, e->name);
    if (e->comp_method != ZIP_CM_STORE && e->comp_method != ZIP_CM_DEFLATE)
        return TALLY_FAIL(FORMAT,
                          "%s: %.64s is packed by method %u, expected 0 (stored) or 8 "
                          "(deflated)",
                          z->name, e->name, e->comp_method);
    if (e->size > array_most || e->size / DEFLATE_RATIO_MOST > e->comp_size)
        return TALLY_FAIL(
            FORMAT,
            "%s: %.64s unpacks %llu bytes to %llu, expected at most 1 GiB "
            "and %d : 1",
            z->name, e->name, (unsigned long long)e->comp_size,
            (unsigned long long)e->size, DEFLATE_RATIO_MOST);
    return TALLY_OK;
}

static tally_status name_member(const tally_npz *z, tally_npz_member *m,
                                const char *file)
{
    size_t prefix = strlen(z->name) + 2, length;

    if (!is_key(file, &length)) length = strlen(file);
    m->name = malloc(prefix + length + 1);
    if (!m->name) return TALLY_FAIL(MEMORY, "%s: no memory for a name", z->name);
    snprintf(m->name, prefix + length + 1, "%s: %.*s", z->name, (int)length, file);
    m->key = m->name + prefix;
    return TALLY_OK;
}

/* Reads until the end, where the CRC-32 is checked: also the read that returns 0. */
static tally_status read_bytes(tally_npz_member *m, zip_file_t *file)
{
    size_t used = 0;
    uint8_t beyond;
    zip_int64_t got;

    while ((got = used < m->count ? zip_fread(file, m->bytes + used, m->count - used)
                                  : zip_fread(file, &beyond, 1)) > 0) {
        if (used == m->count)
            return TALLY_FAIL(FORMAT, "%s unpacks to more than the %zu bytes announced",
                              m->name, m->count);
        used += (size_t)got;
    }
    if (got < 0)
        return TALLY_FAIL(FORMAT, "%s cannot be unpacked after byte %zu: %s", m->name,
                          used, zip_file_strerror(file));
    if (used < m->count)
        return TALLY_FAIL(FORMAT, "%s unpacks to %zu bytes, expected %zu", m->name,
                          used, m->count);
    return TALLY_OK;
}

static tally_status read_member(tally_npz *z, zip_t *archive, uint64_t i,
                                uint64_t *total)
{
    tally_npz_member *m = &z->members[z->count];
    zip_stat_t entry;

    if (zip_stat_index(archive, i, 0, &entry) != 0)
        return TALLY_FAIL(FORMAT, "%s: entry %llu: %s", z->name, (unsigned long long)i,
                          zip_strerror(archive));
    TALLY_TRY(check_entry(z, &entry));
    *total += entry.size;
    if (*total > archive_most)
        return TALLY_FAIL(FORMAT, "%s unpacks to more than 4 GiB", z->name);
    z->count++;
    TALLY_TRY(name_member(z, m, entry.name));
    m->count = (size_t)entry.size;
    m->bytes = malloc(m->count + 1);
    if (!m->bytes)
        return TALLY_FAIL(MEMORY, "%s: no memory for %zu bytes", m->name, m->count);
    zip_file_t *file = zip_fopen_index(archive, i, 0);
    if (!file)
        return TALLY_FAIL(FORMAT, "%s cannot be unpacked: %s", m->name,
                          zip_strerror(archive));
    tally_status status = read_bytes(m, file);
    zip_fclose(file);
    TALLY_TRY(status);
    return TALLY_OK;
}

/* ---- the archive ---- */

static const tally_npz_member *member_of(const tally_npz *z, const char *key)
{
    for (size_t i = 0; i < z->count; i++)
        if (strcmp(z->members[i].key, key) == 0) return &z->members[i];
    return NULL;
}

static tally_status check_keys(const tally_npz *z)
{
    for (size_t i = 0; i < z->count; i++)
        if (member_of(z, z->members[i].key) != &z->members[i])
            return TALLY_FAIL(FORMAT, "%s is there twice", z->members[i].name);
    return TALLY_OK;
}

static tally_status read_members(tally_npz *z, zip_t *archive)
{
    zip_int64_t entries = zip_get_num_entries(archive, 0);
    uint64_t total = 0;

    if (entries < 1) return TALLY_FAIL(FORMAT, "%s holds no arrays", z->name);
    z->members = calloc((size_t)entries, sizeof *z->members);
    if (!z->members)
        return TALLY_FAIL(MEMORY, "%s: no memory for %lld arrays", z->name,
                          (long long)entries);
    for (uint64_t i = 0; i < (uint64_t)entries; i++)
        TALLY_TRY(read_member(z, archive, i, &total));
    TALLY_TRY(check_keys(z));
    return TALLY_OK;
}

static tally_status refuse(const tally_npz *z, zip_error_t *error)
{
    bool memory = zip_error_code_zip(error) == ZIP_ER_MEMORY;
    tally_status status =
        memory ? TALLY_FAIL(MEMORY, "%s: no memory to read it", z->name)
               : TALLY_FAIL(FORMAT, "%s is no archive of arrays that can be read: %s",
                            z->name, zip_error_strerror(error));

    zip_error_fini(error);
    return status;
}

tally_status tally_npz_unpack(tally_npz *z, const char *name, const uint8_t *bytes,
                              size_t count)
{
    zip_error_t error;

    *z = (tally_npz){.name = strdup(name), .hash = XXH3_64bits(bytes, count)};
    if (!z->name) return TALLY_FAIL(MEMORY, "%s: no memory for its name", name);
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes, count, 0, &error);
    if (!source) return refuse(z, &error);
    zip_t *archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (!archive) {
        zip_source_free(source);
        return refuse(z, &error);
    }
    tally_status status = read_members(z, archive);
    zip_discard(archive);
    zip_error_fini(&error);
    return status;
}

tally_status tally_npz_read(tally_npz *z, const char *path)
{
    tally_data_file file = {0};
    tally_status status = tally_data_file_read(&file, path);

    *z = (tally_npz){0};
    if (!status) status = tally_npz_unpack(z, path, file.bytes, file.count);
    tally_data_file_close(&file);
    return status;
}

void tally_npz_close(tally_npz *z)
{
    for (size_t i = 0; i < z->count; i++) {
        free(z->members[i].name);
        free(z->members[i].bytes);
    }
    free(z->members);
    free(z->name);
    *z = (tally_npz){0};
}

tally_status tally_npz_find(const tally_npz *z, const char *key, tally_npy *a,
                            bool *found)
{
    const tally_npz_member *m = member_of(z, key);

    *found = m != NULL;
    if (m) TALLY_TRY(tally_npy_parse(a, m->name, m->bytes, m->count));
    return TALLY_OK;
}

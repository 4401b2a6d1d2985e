/* checkpoint.c — the names in a run folder, and a checkpoint's manifest.
 *
 *     {
 *       "format": 1, "step": 1234, "ranks": 4, "real": "F32",
 *       "layout": "0123456789abcdef", "data": "0123456789abcdef",
 *       "files": [{"name": "weights.safetensors", "bytes": 4096, "xxh3": "..."}],
 *       "manifest": "0123456789abcdef"
 *     }
 *
 * Hashes are text, because a JSON number need not hold 64 bits.  The manifest names the
 * checksum of every other file; its own last line holds that of all bytes before it, so
 * no bit of a checkpoint is unguarded. */

#include "run/checkpoint.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FORMAT = 1 };

const char *const tally_weights_name = "weights.safetensors";
const char *const tally_state_name = "state.safetensors";

bool tally_folder_is_keeper(const tally_folder *folder)
{
    return folder->keeper == folder->comm->rank;
}

void tally_rank_name(char *to, size_t most, int rank)
{
    snprintf(to, most, "rank-%05d.safetensors", rank);
}

tally_status tally_checkpoint_path(char *to, const char *out, uint64_t step,
                                   const char *end)
{
    return tally_path(to, "%s/checkpoints/step-%012" PRIu64 "%s", out, step, end);
}

static int compare_down(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

    return a < b ? 1 : a > b ? -1 : 0;
}

/* Whether name is "step-" and at least 12 digits, as tally_checkpoint_path writes it.
 */
static bool read_step(const char *name, uint64_t *step)
{
    char again[32];

    if (strncmp(name, "step-", 5) != 0 || !isdigit((unsigned char)name[5]))
        return false;
    *step = strtoull(name + 5, NULL, 10);
    snprintf(again, sizeof again, "step-%012" PRIu64, *step);
    return strcmp(name, again) == 0;
}

static tally_status add_step(uint64_t **steps, size_t *count, uint64_t step)
{
    uint64_t *grown = realloc(*steps, (*count + 1) * sizeof **steps);

    if (!grown) return TALLY_FAIL(MEMORY, "no memory for %zu steps", *count + 1);
    grown[(*count)++] = step;
    *steps = grown;
    return TALLY_OK;
}

tally_status tally_checkpoint_list(const char *out, uint64_t **steps, size_t *count)
{
    tally_status status = TALLY_OK;
    char path[TALLY_PATH_MOST];
    struct dirent *entry;
    uint64_t step;

    *steps = NULL;
    *count = 0;
    TALLY_TRY(tally_path(path, "%s/checkpoints", out));
    DIR *directory = opendir(path);
    if (!directory && errno == ENOENT) return TALLY_OK;
    if (!directory)
        return TALLY_FAIL(FILE, "cannot list %s: %s", path, strerror(errno));
    /* NULL ends the list, or says by errno that it broke off. */
    while (!status && (errno = 0, entry = readdir(directory)))
        if (read_step(entry->d_name, &step)) status = add_step(steps, count, step);
    if (!status && errno)
        status = TALLY_FAIL(FILE, "cannot list %s: %s", path, strerror(errno));
    closedir(directory);
    if (*count) qsort(*steps, *count, sizeof **steps, compare_down);
    return status;
}

/* ---- the manifest ---- */

static const char tail[] = ",\n  \"manifest\": \"%016" PRIx64 "\"\n}\n";

/* The last line for the bytes before it; returns its length. */
static size_t print_tail(char *to, size_t most, const char *text, size_t n)
{
    return (size_t)snprintf(to, most, tail, (uint64_t)XXH3_64bits(text, n));
}

static const char *print_hash(char *to, uint64_t hash)
{
    snprintf(to, 17, "%016" PRIx64, hash);
    return to;
}

static json_t *list_files(const tally_manifest *m)
{
    json_t *files = json_array();
    char hash[17];

    for (size_t i = 0; i < m->count; i++)
        json_array_append_new(
            files, json_pack("{s:s, s:I, s:s}", "name", m->files[i].name, "bytes",
                             (json_int_t)m->files[i].stamp.bytes, "xxh3",
                             print_hash(hash, m->files[i].stamp.xxh3)));
    return files;
}

tally_status tally_manifest_print(const tally_manifest *m, char **text)
{
    char layout[17], data[17];
    json_t *json =
        json_pack("{s:i, s:I, s:I, s:s, s:s, s:s, s:o}", "format", FORMAT, "step",
                  (json_int_t)m->step, "ranks", (json_int_t)m->ranks, "real", m->real,
                  "layout", print_hash(layout, m->layout_hash), "data",
                  print_hash(data, m->data_hash), "files", list_files(m));
    char *body = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    size_t length = body ? strlen(body) : 0;

    json_decref(json);
    *text = body ? realloc(body, length + 64) : NULL;
    if (!*text) {
        free(body);
        return TALLY_FAIL(MEMORY, "no memory for the manifest of step %" PRIu64,
                          m->step);
    }
    length -= 2; /* "\n}" goes behind the checksum */
    print_tail(*text + length, 64, *text, length);
    return TALLY_OK;
}

static bool read_count(const json_t *json, const char *key, uint64_t *to)
{
    const json_t *value = json_object_get(json, key);

    *to = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool read_hash(const json_t *json, const char *key, uint64_t *to)
{
    const char *text = json_string_value(json_object_get(json, key));

    if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    *to = strtoull(text, NULL, 16);
    return true;
}

static bool read_text(const json_t *json, const char *key, char *to, size_t most)
{
    const char *text = json_string_value(json_object_get(json, key));

    if (!text || strlen(text) >= most) return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static tally_status read_files(tally_manifest *m, const char *path, const json_t *files)
{
    if (!json_is_array(files))
        return TALLY_FAIL(FORMAT, "%s: \"files\" is not an array", path);
    m->files = calloc(json_array_size(files) + 1, sizeof *m->files);
    if (!m->files) return TALLY_FAIL(MEMORY, "%s: no memory for its list", path);
    for (; m->count < json_array_size(files); m->count++) {
        const json_t *file = json_array_get(files, m->count);
        tally_listed *to = &m->files[m->count];

        if (!read_text(file, "name", to->name, sizeof to->name) ||
            !read_count(file, "bytes", &to->stamp.bytes) ||
            !read_hash(file, "xxh3", &to->stamp.xxh3))
            return TALLY_FAIL(FORMAT, "%s: file %zu lacks name, bytes or xxh3", path,
                              m->count);
    }
    return TALLY_OK;
}

static tally_status read_manifest(tally_manifest *m, const char *path,
                                  const json_t *json)
{
    uint64_t format;

    if (!read_count(json, "format", &format) || format != FORMAT)
        return TALLY_FAIL(FORMAT, "%s is not of format %d, which this build reads",
                          path, FORMAT);
    if (!read_count(json, "step", &m->step) || !read_count(json, "ranks", &m->ranks) ||
        !read_hash(json, "layout", &m->layout_hash) ||
        !read_hash(json, "data", &m->data_hash) ||
        !read_text(json, "real", m->real, sizeof m->real))
        return TALLY_FAIL(FORMAT, "%s lacks step, ranks, layout, data or real", path);
    TALLY_TRY(read_files(m, path, json_object_get(json, "files")));
    return TALLY_OK;
}

tally_status tally_manifest_parse(tally_manifest *m, const char *path, const char *text,
                                  size_t n)
{
    char expected[64];
    json_error_t error;
    size_t length = print_tail(expected, sizeof expected, "", 0);

    *m = (tally_manifest){0};
    if (n > length) print_tail(expected, sizeof expected, text, n - length);
    if (n <= length || memcmp(text + n - length, expected, length) != 0)
        return TALLY_FAIL(CORRUPT, "%s: its last line is not the checksum of the rest",
                          path);
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!json) return TALLY_FAIL(FORMAT, "%s:%d: %s", path, error.line, error.text);
    tally_status status = read_manifest(m, path, json);
    json_decref(json);
    m->xxh3 = XXH3_64bits(text, n);
    return status;
}

void tally_manifest_close(tally_manifest *m)
{
    free(m->files);
    *m = (tally_manifest){0};
}

const tally_listed *tally_manifest_find(const tally_manifest *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->files[i].name, name) == 0) return &m->files[i];
    return NULL;
}

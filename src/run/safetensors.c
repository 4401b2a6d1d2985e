/* safetensors.c — reads named arrays from a file that it does not trust.
 *
 * The format is Hugging Face's (github.com/huggingface/safetensors): a length, a JSON
 * header, the data.  The reader works on bytes in memory, allocates in proportion to
 * the header alone, and asks of every array what the format promises: known type, size
 * = shape, and all arrays together tile the data without hole, overlap or rest.
 *
 * It does not convert: a build in double does not read weights in float. */

#include "run/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const size_t header_most = 100000000; /* as the reference reader has it */

enum { DEPTH_MOST = 4 };

static const struct {
    const char *name;
    size_t bits;
} dtypes[] = {
    {"F32",     32},
    {"F64",     64},
    {"U64",     64},
    {"I64",     64},
    {"U32",     32},
    {"I32",     32},
    {"U16",     16},
    {"I16",     16},
    {"U8",      8 },
    {"I8",      8 },
    {"BOOL",    8 },
    {"F16",     16},
    {"BF16",    16},
    {"F8_E4M3", 8 },
    {"F8_E5M2", 8 },
    {"F8_E8M0", 8 },
    {"C64",     64},
    {"F6_E2M3", 6 },
    {"F6_E3M2", 6 },
    {"F4",      4 },
};

size_t tally_safetensors_bits(const char *dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtypes[i].name, dtype) == 0) return dtypes[i].bits;
    return 0;
}

/* Fails when the JSON nests deeper than a header needs, before a parser recurses. */
static tally_status check_depth(const char *path, const char *text, size_t n)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < n; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!quoted && (text[i] == '}' || text[i] == ']'))
            depth--;
        if (depth > DEPTH_MOST)
            return TALLY_FAIL(FORMAT,
                              "%s: the header nests deeper than %d levels at byte %zu",
                              path, DEPTH_MOST, 8 + i);
    }
    return TALLY_OK;
}

static tally_status find_header(const char *path, const unsigned char *bytes, size_t n,
                                size_t *length)
{
    uint64_t total = 0;

    if (n < 8)
        return TALLY_FAIL(FORMAT,
                          "%s has %zu bytes; a safetensors file starts with 8 bytes of "
                          "header length",
                          path, n);
    memcpy(&total, bytes, sizeof total);
    if (total > header_most)
        return TALLY_FAIL(FORMAT, "%s: a header of %llu bytes is longer than %zu", path,
                          (unsigned long long)total, header_most);
    if (total > n - 8)
        return TALLY_FAIL(FORMAT,
                          "%s: a header of %llu bytes does not fit a file of %zu bytes",
                          path, (unsigned long long)total, n);
    if (total == 0 || bytes[8] != '{')
        return TALLY_FAIL(FORMAT, "%s: the header does not start with { at byte 8",
                          path);
    *length = (size_t)total;
    return TALLY_OK;
}

static tally_status parse_header(tally_safetensors *t, const char *path,
                                 const char *text, size_t length)
{
    json_error_t error;
    size_t end = length;

    while (text[end - 1] == ' ')
        end--;
    if (text[end - 1] != '}')
        return TALLY_FAIL(FORMAT, "%s: the header does not end with } and spaces",
                          path);
    TALLY_TRY(check_depth(path, text, end));
    t->header = json_loadb(text, end, JSON_REJECT_DUPLICATES, &error);
    if (!t->header)
        return TALLY_FAIL(FORMAT, "%s: the header is not JSON at byte %d: %s", path,
                          8 + error.position, error.text);
    return TALLY_OK;
}

static tally_status check_metadata(const char *path, json_t *map)
{
    const char *key;
    json_t *value;

    if (!json_is_object(map))
        return TALLY_FAIL(FORMAT, "%s: __metadata__ is not an object", path);
    json_object_foreach(map, key, value)
    {
        if (!json_is_string(value))
            return TALLY_FAIL(FORMAT, "%s: __metadata__ %s is not a string", path, key);
    }
    return TALLY_OK;
}

/* A whole number that any reader holds exactly: no sign, fraction or exponent. */
static bool read_number(const json_t *json, size_t *to)
{
    json_int_t n = json_integer_value(json);

    if (!json_is_integer(json) || n < 0 || n > (json_int_t)1 << 53) return false;
    *to = (size_t)n;
    return true;
}

static tally_status check_fields(const char *path, const char *name, json_t *entry)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets"};

    if (!json_is_object(entry))
        return TALLY_FAIL(FORMAT, "%s: tensor %s is not an object", path, name);
    for (size_t i = 0; i < 3; i++)
        if (!json_object_get(entry, fields[i]))
            return TALLY_FAIL(FORMAT, "%s: tensor %s has no %s", path, name, fields[i]);
    if (json_object_size(entry) != 3)
        return TALLY_FAIL(FORMAT,
                          "%s: tensor %s has fields other than dtype, shape and "
                          "data_offsets",
                          path, name);
    return TALLY_OK;
}

/* The bytes that dtype and shape ask for; the shape goes to `to`. */
static tally_status measure(const char *path, const char *name, json_t *entry,
                            tally_array *a, size_t *to)
{
    const json_t *shape = json_object_get(entry, "shape");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    size_t bits = dtype ? tally_safetensors_bits(dtype) : 0, count = 1;

    if (!bits)
        return TALLY_FAIL(FORMAT, "%s: tensor %s has the unknown dtype %s", path, name,
                          dtype ? dtype : "that is no string");
    if (!json_is_array(shape))
        return TALLY_FAIL(FORMAT, "%s: tensor %s has a shape that is no array", path,
                          name);
    *a = (tally_array){name, dtype, json_array_size(shape), to, NULL, 0};
    for (size_t i = 0; i < a->dimensions; i++) {
        if (!read_number(json_array_get(shape, i), &to[i]))
            return TALLY_FAIL(FORMAT,
                              "%s: tensor %s, dimension %zu is not a whole number in "
                              "[0, 2^53]",
                              path, name, i);
        if (to[i] && count > SIZE_MAX / bits / to[i])
            return TALLY_FAIL(FORMAT,
                              "%s: tensor %s has more values than can be addressed",
                              path, name);
        count *= to[i];
    }
    if (count * bits % 8)
        return TALLY_FAIL(FORMAT, "%s: tensor %s ends inside a byte", path, name);
    a->bytes = count * bits / 8;
    return TALLY_OK;
}

/* Sets a->data from data_offsets. */
static tally_status place(const char *path, const json_t *offsets,
                          const unsigned char *data, size_t n, tally_array *a)
{
    size_t first, end;

    if (json_array_size(offsets) != 2 ||
        !read_number(json_array_get(offsets, 0), &first) ||
        !read_number(json_array_get(offsets, 1), &end))
        return TALLY_FAIL(FORMAT,
                          "%s: tensor %s: data_offsets are not two whole numbers in "
                          "[0, 2^53]",
                          path, a->name);
    if (end < first || end > n)
        return TALLY_FAIL(FORMAT,
                          "%s: tensor %s: offsets [%zu, %zu) do not lie in the data of "
                          "%zu bytes",
                          path, a->name, first, end, n);
    if (end - first != a->bytes)
        return TALLY_FAIL(FORMAT,
                          "%s: tensor %s: offsets [%zu, %zu) hold %zu bytes, its shape "
                          "and dtype ask for %zu",
                          path, a->name, first, end, end - first, a->bytes);
    a->data = data + first;
    return TALLY_OK;
}

static int compare_places(const void *one, const void *other)
{
    const tally_array *a = one, *b = other;

    if (a->data != b->data)
        return (const char *)a->data < (const char *)b->data ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Sorts the arrays by place and checks that they tile the data. */
static tally_status check_tiling(tally_safetensors *t, const char *path,
                                 const unsigned char *data, size_t n)
{
    const unsigned char *at = data;

    if (t->count) qsort(t->arrays, t->count, sizeof *t->arrays, compare_places);
    for (size_t i = 0; i < t->count; i++) {
        const unsigned char *start = t->arrays[i].data;

        if (start != at)
            return TALLY_FAIL(
                FORMAT, "%s: tensor %s starts at %zu, expected at %zu: %s", path,
                t->arrays[i].name, (size_t)(start - data), (size_t)(at - data),
                start > at ? "there is a hole" : "tensors overlap");
        at += t->arrays[i].bytes;
    }
    if (at != data + n)
        return TALLY_FAIL(FORMAT, "%s: %zu bytes follow the last tensor", path,
                          (size_t)(data + n - at));
    return TALLY_OK;
}

static tally_status parse_entries(tally_safetensors *t, const char *path,
                                  const unsigned char *data, size_t n)
{
    size_t dimensions = 0;
    const char *name;
    json_t *entry;

    json_object_foreach(t->header, name, entry)
    {
        dimensions += json_array_size(json_object_get(entry, "shape"));
    }
    t->arrays = calloc(json_object_size(t->header) + 1, sizeof *t->arrays);
    t->shapes = calloc(dimensions + 1, sizeof *t->shapes);
    if (!t->arrays || !t->shapes)
        return TALLY_FAIL(MEMORY, "%s: no memory for its tensors", path);
    dimensions = 0;
    json_object_foreach(t->header, name, entry)
    {
        tally_array *a = &t->arrays[t->count];

        if (strcmp(name, "__metadata__") == 0) {
            TALLY_TRY(check_metadata(path, entry));
            continue;
        }
        TALLY_TRY(check_fields(path, name, entry));
        TALLY_TRY(measure(path, name, entry, a, t->shapes + dimensions));
        TALLY_TRY(place(path, json_object_get(entry, "data_offsets"), data, n, a));
        dimensions += a->dimensions;
        t->count++;
    }
    return TALLY_OK;
}

tally_status tally_safetensors_parse(tally_safetensors *t, const char *path,
                                     const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    size_t length = 0;

    *t = (tally_safetensors){0};
    TALLY_TRY(find_header(path, at, n, &length));
    TALLY_TRY(parse_header(t, path, (const char *)at + 8, length));
    TALLY_TRY(parse_entries(t, path, at + 8 + length, n - 8 - length));
    TALLY_TRY(check_tiling(t, path, at + 8 + length, n - 8 - length));
    return TALLY_OK;
}

void tally_safetensors_close(tally_safetensors *t)
{
    json_decref(t->header);
    free(t->arrays);
    free(t->shapes);
    *t = (tally_safetensors){0};
}

const tally_array *tally_safetensors_find(const tally_safetensors *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->arrays[i].name, name) == 0) return &t->arrays[i];
    return NULL;
}

const char *tally_safetensors_metadata(const tally_safetensors *t, const char *key)
{
    return json_string_value(
        json_object_get(json_object_get(t->header, "__metadata__"), key));
}

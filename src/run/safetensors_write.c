/* safetensors_write.c — writes named arrays to a file that others read too.
 *
 * The header is padded with spaces so that the data starts on a multiple of 64 bytes
 * (the format asks for nothing, other writers take 8) and may be mapped and used where
 * it lies; 64-bit types go first, so that every array starts on its own alignment. */

#include "run/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "arrays are written as they lie in memory");

static const size_t alignment = 64;

static json_t *describe(const tally_array *a, size_t first)
{
    json_t *shape = json_array();

    for (size_t i = 0; i < a->dimensions; i++)
        json_array_append_new(shape, json_integer((json_int_t)a->shape[i]));
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", a->dtype, "shape", shape,
                     "data_offsets", (json_int_t)first, (json_int_t)(first + a->bytes));
}

/* Indices of arrays in the order of their data: 64-bit types, then shorter ones. */
static void put_in_order(const tally_array *arrays, size_t count, size_t *order)
{
    size_t n = 0;

    for (size_t bits = 64; bits >= 8; bits /= 2)
        for (size_t i = 0; i < count; i++)
            if (tally_safetensors_bits(arrays[i].dtype) == bits) order[n++] = i;
}

static tally_status describe_all(json_t *header, const tally_array *arrays,
                                 size_t count, const size_t *order, const char *path)
{
    size_t first = 0;

    for (size_t i = 0; i < count; i++) {
        const tally_array *a = &arrays[order[i]];

        if (json_object_get(header, a->name))
            return TALLY_FAIL(FORMAT, "%s: two tensors are named %s", path, a->name);
        if (json_object_set_new(header, a->name, describe(a, first)) != 0)
            return TALLY_FAIL(FORMAT, "%s: the tensor name %s is not UTF-8", path,
                              a->name);
        first += a->bytes;
    }
    return TALLY_OK;
}

static tally_status write_header(tally_file *f, const json_t *header)
{
    static const char spaces[] =
        "                                                                ";
    char *text = json_dumps(header, JSON_COMPACT);
    if (!text) return TALLY_FAIL(MEMORY, "%s: no memory for its header", f->path);
    size_t length = strlen(text);
    size_t padding = (alignment - (8 + length) % alignment) % alignment;
    uint64_t total = length + padding;

    tally_status status = tally_file_write(f, &total, sizeof total);
    if (!status) status = tally_file_write(f, text, length);
    if (!status) status = tally_file_write(f, spaces, padding);
    free(text);
    return status;
}

static tally_status write_in_order(tally_file *f, const tally_array *arrays,
                                   size_t count, const size_t *order, json_t *header)
{
    TALLY_TRY(describe_all(header, arrays, count, order, f->path));
    TALLY_TRY(write_header(f, header));
    for (size_t i = 0; i < count; i++)
        TALLY_TRY(tally_file_write(f, arrays[order[i]].data, arrays[order[i]].bytes));
    return TALLY_OK;
}

tally_status tally_safetensors_write(tally_file *f, const tally_array *arrays,
                                     size_t count, const char *const *metadata)
{
    tally_status status = TALLY_OK;
    json_t *header = json_object(), *map = json_object();
    size_t *order = calloc(count + 1, sizeof *order);

    for (; map && *metadata; metadata += 2)
        json_object_set_new(map, metadata[0], json_string(metadata[1]));
    if (!order || !header || json_object_set_new(header, "__metadata__", map) != 0)
        status = TALLY_FAIL(MEMORY, "%s: no memory for its header", f->path);
    if (!status) put_in_order(arrays, count, order);
    if (!status) status = write_in_order(f, arrays, count, order, header);
    json_decref(header);
    free(order);
    return status;
}

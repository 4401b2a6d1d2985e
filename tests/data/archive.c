/* archive.c — archives of arrays, made by the test: as NumPy writes them, or wrong. */

#include "data/archive.h"

#include "data/scratch.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

uint8_t *array_with_header(const char *header, size_t zeros, size_t *count)
{
    size_t length = strlen(header);

    *count = 10 + length + zeros;
    uint8_t *bytes = calloc(*count, 1);

    memcpy(bytes, "\x93NUMPY\x01", 8);
    bytes[8] = (uint8_t)length;
    bytes[9] = (uint8_t)(length >> 8);
    memcpy(bytes + 10, header, length);
    return bytes;
}

static void store(const char *descr, double value, uint8_t *to)
{
    size_t size = (size_t)(descr[2] - '0');
    int64_t whole = (int64_t)value;
    float single = (float)value;
    uint8_t bytes[8];

    memcpy(bytes, &whole, 8); /* the tests run on little-endian machines */
    if (descr[1] == 'f' && size == 4) memcpy(bytes, &single, 4);
    if (descr[1] == 'f' && size == 8) memcpy(bytes, &value, 8);
    for (size_t i = 0; i < size; i++)
        to[i] = bytes[*descr == '>' ? size - 1 - i : i];
}

uint8_t *array_bytes(const array *a, size_t *count)
{
    char header[256];
    int length = snprintf(header, sizeof header,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (%zu,), }",
                          a->descr, a->count);
    size_t size = (size_t)(a->descr[2] - '0');

    while ((10 + length + 1) % 64 != 0)
        header[length++] = ' ';
    header[length++] = '\n';
    header[length] = '\0';
    uint8_t *bytes = array_with_header(header, a->count * size, count);
    for (size_t i = 0; i < a->count; i++)
        store(a->descr, a->values[i], bytes + 10 + length + i * size);
    return bytes;
}

static zip_t *open_zip(const char *name)
{
    int error;
    zip_t *zip = zip_open(scratch_path(name), ZIP_CREATE | ZIP_TRUNCATE, &error);

    cr_assert(zip, "cannot make %s: libzip error %d", name, error);
    return zip;
}

/* zip owns bytes from here. */
static void add(zip_t *zip, const char *name, uint8_t *bytes, size_t count,
                int deflated)
{
    zip_source_t *source = zip_source_buffer(zip, bytes, count, 1);
    zip_int64_t index = zip_file_add(zip, name, source, 0);

    cr_assert(index >= 0, "cannot add %s", name);
    /* 1 January 1980, so that the bytes are the same whenever they are written. */
    zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0);
    zip_set_file_compression(zip, (zip_uint64_t)index,
                             deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9);
}

void archive_write(const char *name, const array *arrays, size_t n, int deflated)
{
    zip_t *zip = open_zip(name);

    for (size_t i = 0; i < n; i++) {
        char file[64];
        size_t count = 0;
        uint8_t *bytes = array_bytes(&arrays[i], &count);

        snprintf(file, sizeof file, "%s.npy", arrays[i].key);
        add(zip, file, bytes, count, deflated);
    }
    cr_assert(zip_close(zip) == 0);
}

void archive_write_files(const char *name, const char *const *names, size_t n,
                         const uint8_t *bytes, size_t count)
{
    zip_t *zip = open_zip(name);

    for (size_t i = 0; i < n; i++) {
        uint8_t *copy = malloc(count + 1);

        memcpy(copy, bytes, count);
        add(zip, names[i], copy, count, 0);
    }
    cr_assert(zip_close(zip) == 0);
}

const array small_graph[SMALL_GRAPH_ARRAYS] = {
    {"adj_data",     "<f4", 4, (const double[]){1, 1, 1, 1}   },
    {"adj_indices",  "<i4", 4, (const double[]){1, 0, 2, 1}   },
    {"adj_indptr",   "<i4", 5, (const double[]){0, 1, 3, 4, 4}},
    {"adj_shape",    "<i8", 2, (const double[]){4, 4}         },
    {"attr_data",    "<f4", 3, (const double[]){1, 2, 3}      },
    {"attr_indices", "<i4", 3, (const double[]){0, 1, 0}      },
    {"attr_indptr",  "<i4", 5, (const double[]){0, 1, 2, 2, 3}},
    {"attr_shape",   "<i8", 2, (const double[]){4, 2}         },
    {"labels",       "<i8", 4, (const double[]){0, 1, 0, 1}   },
};

const array small_split[SMALL_SPLIT_ARRAYS] = {
    {"train_idx", "<i8", 2, (const double[]){0, 3}},
    {"val_idx",   "<i8", 1, (const double[]){2}   },
    {"test_idx",  "<i8", 1, (const double[]){1}   },
};

void archive_write_small(void)
{
    archive_write("graph.npz", small_graph, SMALL_GRAPH_ARRAYS, 0);
    archive_write("split.npz", small_split, SMALL_SPLIT_ARRAYS, 1);
}

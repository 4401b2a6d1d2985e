/* archive.h — archives of arrays, made by the test: as NumPy writes them, or wrong. */

#ifndef TEST_DATA_ARCHIVE_H
#define TEST_DATA_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

/* One array of one dimension; values are stored as descr says. */
typedef struct array {
    const char *key;   /* "labels" */
    const char *descr; /* "<i8" */
    size_t count;
    const double *values;
} array;

/* An npy of version 1.0 in memory, padded to 64 bytes; the caller frees it. */
uint8_t *array_bytes(const array *a, size_t *count);

/* The same with a header as given, and so many bytes of zeros. */
uint8_t *array_with_header(const char *header, size_t zeros, size_t *count);

/* Writes arrays[0..n) into a zip of the scratch folder, deflated or stored. */
void archive_write(const char *name, const array *arrays, size_t n, int deflated);

/* Writes one file of any name and bytes into a zip, n times under names[i]. */
void archive_write_files(const char *name, const char *const *names, size_t n,
                         const uint8_t *bytes, size_t count);

/* A path 0 - 1 - 2 and node 3 alone, with two features and classes 0, 1, 0, 1; its
 * split trains 0 and 3, validates 2 and tests 1. */
enum { SMALL_GRAPH_ARRAYS = 9, SMALL_SPLIT_ARRAYS = 3 };

extern const array small_graph[SMALL_GRAPH_ARRAYS], small_split[SMALL_SPLIT_ARRAYS];

/* Writes both as graph.npz and split.npz. */
void archive_write_small(void);

#endif

/* safetensors.h — named arrays in one file, in the format that others read too.
 *
 *     8 bytes   N, little-endian
 *     N bytes   JSON: {"rule.m": {"dtype": "F32", "shape": [10], "data_offsets": [0,
 * 40]}} the rest  the arrays, row-major, little-endian, without holes
 */

#ifndef TALLY_RUN_SAFETENSORS_H
#define TALLY_RUN_SAFETENSORS_H

#include "base/file.h"

/* One array: of a caller, to be written; or inside the bytes of a file.  All borrowed.
 */
typedef struct tally_array {
    const char *name, *dtype; /* "F32", "F64", "U64"; read: any of the format */
    size_t dimensions;
    const size_t *shape;
    const void *data; /* read: may be unaligned */
    size_t bytes;
} tally_array;

/* Bits of one value; 0 for a type that the format does not know. */
size_t tally_safetensors_bits(const char *dtype);

/* Writes a whole file.  metadata: key, value, key, value, ..., NULL.  The order in the
 * file is that of `arrays`, the longer types first, so that each starts aligned. */
tally_status tally_safetensors_write(tally_file *f, const tally_array *arrays,
                                     size_t count, const char *const *metadata);

/* The arrays of a file in memory, in the order of their data. */
typedef struct tally_safetensors {
    size_t count;
    tally_array *arrays; /* owned */
    size_t *shapes;      /* owned: of all arrays, one after the other */
    void *header;        /* owned: the JSON, which holds the names */
} tally_safetensors;

/* Reads bytes[0..n), which must outlive t, and refuses (TALLY_FORMAT) whatever the
 * format forbids.  path: for sentences.  tally_safetensors_close accepts what a failed
 * parse leaves. */
tally_status tally_safetensors_parse(tally_safetensors *t, const char *path,
                                     const void *bytes, size_t n);
void tally_safetensors_close(tally_safetensors *t);

/* NULL when there is none. */
const tally_array *tally_safetensors_find(const tally_safetensors *t, const char *name);
const char *tally_safetensors_metadata(const tally_safetensors *t, const char *key);

#endif

/* npy.h — one array of NumPy in memory: its type, its shape, and where its values are.
 */

#ifndef TALLY_DATA_NPY_H
#define TALLY_DATA_NPY_H

#include "tally/status.h"

#include <stdint.h>

enum { TALLY_NPY_DIMENSIONS_MOST = 32 };

typedef struct tally_npy {
    const char *name;  /* borrowed; begins error sentences */
    char kind;         /* b boolean, i integer, u unsigned, f float */
    size_t size;       /* bytes of a value: 1, 2, 4 or 8 */
    bool big_endian;   /* of the values */
    bool column_major; /* "fortran_order" */
    size_t dimensions; /* 0: one value */
    size_t shape[TALLY_NPY_DIMENSIONS_MOST];
    size_t count;          /* product of the shape */
    const uint8_t *values; /* borrowed */
} tally_npy;

/* Reads the header and checks it against the length.  Returns TALLY_FORMAT with the
 * name and what was expected; never looks past bytes[count).  Local. */
tally_status tally_npy_parse(tally_npy *a, const char *name, const uint8_t *bytes,
                             size_t count);

/* Value i < count, as stored; integers and booleans only, TALLY_FORMAT above 2^63. */
tally_status tally_npy_integer(const tally_npy *a, size_t i, int64_t *value);

/* Value i < count of any kind. */
double tally_npy_real(const tally_npy *a, size_t i);

#endif

/* memory_source.h — a data source over arrays of the test itself. */

#ifndef TEST_MEMORY_SOURCE_H
#define TEST_MEMORY_SOURCE_H

#include "tally/source.h"

typedef struct memory_samples {
    size_t count, features, classes;
    const tally_real *x;  /* count × features, row-major */
    const int32_t *label; /* count */
} memory_samples;

/* A source whose training and test set are both m, which is borrowed.  A row that is
 * not there fails with TALLY_OPTION.  Nothing to close. */
tally_source memory_source(memory_samples *m);

#endif

/* decimal.h — numbers, and what is wrong at some place of a text file. */

#ifndef TALLY_DATA_DECIMAL_H
#define TALLY_DATA_DECIMAL_H

#include "tally/status.h"

/* No number or word of a text file is longer than this, its NUL included. */
enum { TALLY_WORD_MOST = 256 };

typedef struct tally_place {
    const char *file; /* borrowed */
    const char *unit; /* what `at` counts: "column" or "field" */
    size_t line, at;  /* from 1 */
} tally_place;

/* Fails with TALLY_FORMAT and "FILE: line 3, column 7: " before the sentence. */
tally_status tally_refuse(tally_place place, const char *format, ...)
    TALLY_PRINTF(2, 3);

/* *value <- the number that is the whole text, whatever the locale.  Returns NULL, or
 * what is wrong with it: "is no decimal number", "is out of range". */
const char *tally_decimal(const char *text, double *value);

#endif

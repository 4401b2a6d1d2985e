/* libsvm_parse.h — a file of "label index:value index:value ..." lines. */

#ifndef TALLY_DATA_LIBSVM_PARSE_H
#define TALLY_DATA_LIBSVM_PARSE_H

#include "data/table.h"

typedef struct tally_libsvm {
    char *train, *test;
    uint64_t features, classes_most;
    bool zero_based;
    int scale;
} tally_libsvm;

/* A tally_reader; options is a tally_libsvm.  Returns TALLY_FORMAT with file, line and
 * column, or TALLY_MEMORY; never looks past in->bytes[in->count).  Local. */
tally_status tally_libsvm_parse(const void *options, const tally_reading *in);

#endif

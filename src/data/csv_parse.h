/* csv_parse.h — a table of numbers and one column of labels, as comma-separated values.
 */

#ifndef TALLY_DATA_CSV_PARSE_H
#define TALLY_DATA_CSV_PARSE_H

#include "data/table.h"

/* The words of the option `separator`, and what they mean. */
#define TALLY_CSV_SEPARATORS "comma|semicolon|tab|space|bar"

typedef struct tally_csv {
    char *train, *test, *label;
    bool header;
    int separator;
    uint64_t classes_most;
    int scale;
} tally_csv;

/* A tally_reader; options is a tally_csv with a label.  Returns TALLY_FORMAT with file,
 * line and field, TALLY_OPTION when there is no such label column, or TALLY_MEMORY;
 * never looks past in->bytes[in->count).  Local. */
tally_status tally_csv_parse(const void *options, const tally_reading *in);

#endif

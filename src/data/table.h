/* table.h — labelled rows of numbers in memory, behind every text format. */

#ifndef TALLY_DATA_TABLE_H
#define TALLY_DATA_TABLE_H

#include "tally/source.h"

#include "data/file.h"
#include "data/labels.h"

/* The words of an option `scale`, in the order of tally_table_scale. */
#define TALLY_TABLE_SCALES "none|standard|unit"
#define TALLY_TABLE_SCALE_HELP                                                         \
    "per feature, over the training rows: standard: (x - mean) / deviation, unit: "    \
    "x / largest magnitude"

typedef enum tally_table_scale {
    TALLY_TABLE_NONE,
    TALLY_TABLE_STANDARD,
    TALLY_TABLE_UNIT
} tally_table_scale;

/* Sparse rows, one after the other; what is not there is 0.  All owned. */
typedef struct tally_rows {
    size_t count, entries;
    size_t columns;   /* the largest + 1 */
    size_t *end;      /* of row i among the entries; it starts where row i - 1 ends */
    int32_t *label;   /* of row i */
    uint32_t *column; /* of entry k; ascending in a row */
    tally_real *value;
    size_t row_room, entry_room;
} tally_rows;

/* Appends an entry to the row that has not ended; ends that row.  TALLY_MEMORY. */
tally_status tally_rows_add(tally_rows *r, size_t column, double value);
tally_status tally_rows_end(tally_rows *r, int32_t label);
void tally_rows_close(tally_rows *r);

/* What a format is asked to read, and into what. */
typedef struct tally_reading {
    const char *name;
    const uint8_t *bytes;
    size_t count;
    size_t features; /* more columns are refused; 0: there are as many as are found */
    const struct tally_reading *train; /* NULL when this is the training file */
    tally_labels *labels;
    tally_rows *rows;
} tally_reading;

typedef tally_status (*tally_reader)(const void *options, const tally_reading *in);

typedef struct tally_table_options {
    const char *train, *test; /* files; test may be NULL: then there are no test rows */
    uint64_t features;        /* 0: as many as the training file has */
    uint64_t classes_most;
    bool words; /* labels may be words */
    int scale;
} tally_table_options;

/* Reads the files and fills s; s->inner is owned by s.  Returns TALLY_OPTION,
 * TALLY_FILE, TALLY_FORMAT or TALLY_MEMORY.  Local. */
tally_status tally_table_open(tally_source *s, tally_table_options o,
                              tally_reader read);

/* The same of files in memory: train.bytes, and test.bytes unless they are NULL. */
tally_status tally_table_read(tally_source *s, tally_table_options o, tally_reader read,
                              tally_reading train, tally_reading test);

/* The rows of a split that were read. */
const tally_rows *tally_table_rows(const tally_source *s, tally_split split);

/* The fetch and close of their tables. */
tally_status tally_table_fetch(const tally_source *s, tally_split split,
                               const uint64_t *rows, size_t n, tally_real *x,
                               int32_t *label);
void tally_table_close(tally_source *s);

#endif

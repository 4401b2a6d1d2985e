/* folder.h — what a report reads of a run folder: manifest, metrics, tensors. */

#ifndef TALLY_CLI_REPORT_FOLDER_H
#define TALLY_CLI_REPORT_FOLDER_H

#include "tally/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A metric over the steps: value[i] stands at row[i] of its run, rows rising. */
typedef struct report_column {
    char *name; /* owned: "train/loss" */
    size_t count, room;
    size_t *row;   /* owned */
    double *value; /* owned; what counts "so far" is summed over processes */
    double before; /* of a count: what earlier processes came to */
} report_column;

/* A metric of one rank, or of one staleness: "exchange/bytes_sent/3". */
typedef struct report_entry {
    char *name; /* owned: "exchange/bytes_sent" */
    uint64_t index;
    double value; /* summed over the processes that ended */
} report_entry;

typedef struct report_tensor {
    char *name;  /* owned */
    char *shape; /* owned: "512 x 784" */
    uint64_t weights;
} report_tensor;

/* All pointers owned but `name` and `options`. */
typedef struct report_run {
    char *path;
    const char *name; /* of the folder, the end of its path */
    json_t *manifest; /* of "format": "tally run 1" */
    json_t *options;  /* its object of texts */
    size_t rows, rows_room;
    uint64_t *steps; /* of each row, rising */
    size_t column_count, column_room;
    report_column *columns;
    size_t entry_count, entry_room;
    report_entry *entries; /* by name, then index */
    uint64_t entries_step; /* of the last one */
    bool torn;             /* the last line was cut off and is left out */
    size_t tensor_count;
    report_tensor *tensors; /* of the newest checkpoint; none: see `note` */
    char note[512];
} report_run;

/* Returns TALLY_FILE without such a run, TALLY_FORMAT with file and line for what Tally
 * does not write, TALLY_MEMORY.  report_run_close accepts what a failure leaves. */
tally_status report_run_open(report_run *r, const char *path);
void report_run_close(report_run *r);

/* Whether a metric counts from where a process took over ("so far"). */
bool report_is_count(const char *name);

/* NULL: the run has no such metric. */
const report_column *report_run_column(const report_run *r, const char *name);

/* The value of c at a row; false when there is none.  c may be NULL. */
bool report_column_at(const report_column *c, size_t row, double *value);

/* The last value of a metric; NAN without. */
double report_run_last(const report_run *r, const char *name);

/* A count "so far" by the steps it was counted over; NAN when there are none. */
double report_run_per_step(const report_run *r, const char *name);

/* Whether some rank or staleness has this metric. */
bool report_run_has_entries(const report_run *r, const char *name);

/* The value of a rank or staleness; false when there is none. */
bool report_run_entry(const report_run *r, const char *name, uint64_t index,
                      double *value);

/* An option of the manifest as text; "" when there is none. */
const char *report_run_option(const report_run *r, const char *name);

/* Adds one line of metrics.jsonl; where: "runs/a/metrics.jsonl:3", for sentences. */
tally_status report_run_add_line(report_run *r, const char *where, const char *line,
                                 size_t n);

#endif

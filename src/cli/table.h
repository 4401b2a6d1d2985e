/* table.h — rows of text and numbers on standard output: for people, as CSV, as JSON.
 */

#ifndef TALLY_CLI_TABLE_H
#define TALLY_CLI_TABLE_H

#include "tally/status.h"

#include <jansson.h>

typedef enum cli_style {
    CLI_TEXT, /* aligned; rows appear as they come */
    CLI_CSV,  /* RFC 4180: a line of keys, then the rows */
    CLI_JSON  /* kept, and handed over at the end */
} cli_style;

typedef struct cli_column {
    const char *key;   /* for programs: "bus_gb_per_s"; NULL ends a list */
    const char *title; /* for people: "bus GB/s" */
    int width;         /* of the aligned text; below 0: flush left */
    int digits;        /* after the point, for people; below 0: as %.2g */
} cli_column;

typedef struct cli_table {
    cli_style style;
    const cli_column *columns;
    const cli_column *at; /* where the next cell goes */
    json_t *rows, *row;   /* owned; NULL unless JSON */
} cli_table;

/* Prints the head, unless JSON.  columns: borrowed until close. */
void cli_table_open(cli_table *t, cli_style style, const cli_column *columns);

/* The next cell.  A number that is not finite is "-", empty, or null; a whole one of a
 * column without digits has all of its own as CSV, and is an integer as JSON. */
void cli_table_text(cli_table *t, const char *text);
void cli_table_number(cli_table *t, double x);

/* The rows as an array, owned by the caller; NULL unless JSON, or without memory. */
json_t *cli_table_take(cli_table *t);
void cli_table_close(cli_table *t);

#endif

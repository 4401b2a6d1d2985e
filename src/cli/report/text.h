/* text.h — text that grows, and numbers and words in it. */

#ifndef TALLY_CLI_REPORT_TEXT_H
#define TALLY_CLI_REPORT_TEXT_H

#include "tally/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise.  What does not fit into memory is left out and remembered. */
typedef struct report_text {
    char *at; /* owned; NULL while nothing was added */
    size_t used, room;
    bool lost;
} report_text;

void report_add(report_text *t, const char *format, ...) TALLY_PRINTF(2, 3);
void report_add_bytes(report_text *t, const char *bytes, size_t n);

/* For HTML and SVG, in text and in attributes: & < > " ' and whatever XML forbids. */
void report_add_escaped(report_text *t, const char *words);

/* For a cell of a Markdown table: as for HTML, and | ` * _ [ ] \ stay themselves; so do
 * quotes, as nothing is written into attributes. */
void report_add_markdown(report_text *t, const char *words);

/* The fewest digits that are read back as the same number: 0.94; "nan", "inf". */
void report_add_exact(report_text *t, double x);

/* For people: "72,255,840", "0.1207"; four digits, and all before the point. */
void report_add_number(report_text *t, double x);

/* TALLY_MEMORY when something was left out. */
tally_status report_text_check(const report_text *t);
void report_text_close(report_text *t);

#endif

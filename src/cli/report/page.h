/* page.h — a whole report. */

#ifndef TALLY_CLI_REPORT_PAGE_H
#define TALLY_CLI_REPORT_PAGE_H

#include "cli/report/charts.h"

/* Writes all of it into p->sheet; p->sheet.style, runs, count and draws are set. */
tally_status report_page_write(report_page *p);

/* runs.c: how ranks agreed in a run, "vote" or "gather, topk". */
void report_add_method(const report_run *r, report_text *text);

/* The sections that need more than a line. */
tally_status report_write_summary(report_page *p);
tally_status report_write_ranks(report_page *p);
tally_status report_write_tensors(report_page *p);
tally_status report_write_runs(report_page *p);

/* Seconds, bytes and metrics of a chart row by row, a table for each run. */
void report_write_rows(report_page *p, const report_chart *chart);

#endif

/* page.h — a whole report. */

#ifndef TALLY_CLI_REPORT_PAGE_H
#define TALLY_CLI_REPORT_PAGE_H

#include "cli/report/charts.h"

/* Writes all of it into p->sheet; p->sheet.style, runs, count and draws are set. */
tally_status report_page_write(report_page *p);

/* runs.c: how ranks agreed in a run, "vote" or "gather, topk". */
void report_add_method(const report_run *r, report_text *text);

/* summary.c: whether a run's seconds are those of a virtual clock. */
bool report_is_simulated(const report_run *r);

/* colours.c: sets colours and groups of the runs; says what they stand for, where names
 * at the ends of lines would be too many. */
void report_choose_colours(report_page *p);
void report_write_colours(report_page *p);

/* parts.c: what a step's time is made of.  A run, or one of its ranks, has no seconds
 * of a part: 0.  Where an exchange is not divided, or not all of it, the rest of it is
 * REPORT_EXCHANGE. */
typedef enum report_part {
    REPORT_GRADIENT,
    REPORT_ENCODE,
    REPORT_WAIT,
    REPORT_WIRE,
    REPORT_DECODE,
    REPORT_EXCHANGE,
    REPORT_APPLY,
    REPORT_PARTS
} report_part;

extern const char *const report_part_names[REPORT_PARTS];
extern const char *const report_part_metrics[REPORT_PARTS];

/* False: the run, or rank, tells nothing of its parts. */
bool report_parts_of_step(const report_run *r, double seconds[REPORT_PARTS]);
bool report_parts_of_rank(const report_run *r, uint64_t rank,
                          double seconds[REPORT_PARTS]);

/* Bars of the parts that are not 0 everywhere; value[row * REPORT_PARTS + part]. */
tally_status report_draw_parts(report_page *p, const report_bars *bars,
                               const char *caption);

/* What the parts are, in a sentence or two, and their colours. */
void report_write_parts(report_page *p);

/* scaling.c: whether some runs differ in their ranks alone. */
bool report_has_scaling(const report_page *p);

/* The sections that need more than a line. */
tally_status report_write_summary(report_page *p);
tally_status report_write_differences(report_page *p);
tally_status report_write_scaling(report_page *p);
tally_status report_write_time(report_page *p);
tally_status report_write_ranks(report_page *p);
tally_status report_write_staleness(report_page *p);
tally_status report_write_tensors(report_page *p);
tally_status report_write_runs(report_page *p);

/* Seconds, bytes and metrics of a chart row by row, a table for each run. */
void report_write_rows(report_page *p, const report_chart *chart);

#endif

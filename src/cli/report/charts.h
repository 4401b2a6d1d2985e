/* charts.h — the pictures of a report, each with the table behind it. */

#ifndef TALLY_CLI_REPORT_CHARTS_H
#define TALLY_CLI_REPORT_CHARTS_H

#include "cli/report/folder.h"
#include "cli/report/plot.h"
#include "cli/report/sheet.h"

enum {
    REPORT_RUNS_MOST = 64,
    REPORT_DRAWN_MOST = 16, /* of more runs, none has pictures of its own */
    REPORT_GROUPS_MOST = 8,
    CHART_METRICS_MOST = 3
};

/* What the parts of a report share. */
typedef struct report_page {
    report_sheet sheet;
    report_run *runs; /* borrowed */
    size_t count;
    char label[REPORT_RUNS_MOST][96]; /* of each run, short enough for a picture */
    size_t colour[REPORT_RUNS_MOST];  /* of each run; colours.c */
    size_t groups;                    /* of runs of one colour; 0: each by itself */
    char group[REPORT_GROUPS_MOST][96];
    size_t leader[REPORT_GROUPS_MOST]; /* the first run of each */
    bool draws;                        /* HTML, and gnuplot is there */
    int pictures;                      /* so far */
    size_t left_out;                   /* folders that cannot be read */
    report_text reasons;               /* why, each a clause */
} report_page;

/* One or more metrics over steps, seconds and bytes, of all runs in one picture each.
 */
typedef struct report_chart {
    const char *title;                       /* "Loss" */
    const char *metrics[CHART_METRICS_MOST]; /* solid, dashed, dotted; NULL: no more */
    bool share;                              /* 0..1, drawn in percent */
    bool by_step_alone;
} report_chart;

tally_status report_draw_lines(report_page *p, const report_chart *chart);

/* Bars of `parts` pieces, one above the other: value[row * parts + part]. */
typedef struct report_bars {
    const char *title, *axis; /* "milliseconds a step" */
    size_t rows, parts;
    const char *const *labels; /* of the rows */
    const char *const *names;  /* of the parts */
    const size_t *colours;     /* of the parts; plot.h */
    const double *value;
    const double *ends; /* what stands at the end of each row; NULL: its sum */
} report_bars;

tally_status report_draw_bars(report_page *p, const report_bars *bars,
                              const char *caption);

/* Draws plot->script, and puts it on the page; text: what there is to see; note: what
 * must be known of it, or "". */
tally_status report_draw(report_page *p, report_plot *plot, const report_text *text,
                         const char *caption, const char *note);

#endif

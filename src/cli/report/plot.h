/* plot.h — pictures: gnuplot draws, and the page's colours and words are put in. */

#ifndef TALLY_CLI_REPORT_PLOT_H
#define TALLY_CLI_REPORT_PLOT_H

#include "cli/report/text.h"

#include <stddef.h>

enum {
    PLOT_WIDTH = 380,
    PLOT_DIGIT = 8 /* the width of one in the widest of usual fonts, about */
};

/* Colours of the style sheet, --c0 to --c17: eight of runs, ... */
enum {
    PLOT_RUN = 0,
    PLOT_RUNS = 8,  /* so many; then they come again */
    PLOT_PART = 8,  /* ... eight of parts of a step, ... */
    PLOT_LINK = 16, /* ... two of links */
    PLOT_COLOURS = 18
};

typedef struct report_plot {
    int number;               /* of the picture in the page, from 1 */
    const char *title;        /* what is shown */
    const char *description;  /* what there is to see, for those who do not */
    const char *const *words; /* of the script's "@0@", "@1@", ...: see below */
    int height;               /* PLOT_WIDTH is the width */
    report_text script;       /* owned: how gnuplot draws it, but for the head */
} report_plot;

/* Nothing that a run folder says enters a script but numbers: words stand there as @0@,
 * and colours as plot_colour says, and are put in afterwards.
 *
 * Appends an SVG element to *svg.  Returns TALLY_UNSUPPORTED when there is no gnuplot,
 * TALLY_FILE when it fails, TALLY_MEMORY. */
tally_status report_plot_draw(const report_plot *p, report_text *svg);

/* Draws nothing: whether gnuplot is there and works.  Returns what drawing returns. */
tally_status report_plot_try(void);

/* x, as an axis can hold it: not a number when that is none, or beyond 1e100; 0 below
 * 1e-100. */
double plot_value(double x);

/* The same of what is counted or measured, so that it cannot be negative: 0 for what is
 * no such number. */
double plot_amount(double x);

/* The width of a word of UTF-8 in a picture, about. */
size_t plot_width(const char *word);

/* The last characters of a longer word, at most `most`: paths and tensors differ at
 * their ends. */
void plot_shorten(const char *word, size_t most, char *to, size_t room);

/* "#010110": what stands for colour i, i < PLOT_COLOURS. */
const char *plot_colour(size_t i);

/* A round distance of ticks, so that at most `most` of them are in a range. */
double plot_tick(double range, int most);

#endif

/* plot.h — pictures: gnuplot draws, and the page's colours and words are put in. */

#ifndef TALLY_CLI_REPORT_PLOT_H
#define TALLY_CLI_REPORT_PLOT_H

#include "cli/report/text.h"

#include <stddef.h>

enum {
    PLOT_WIDTH = 380,
    PLOT_COLOURS = 8,
    PLOT_CHARACTER = 7 /* the width of one, about */
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

/* The characters of a word of UTF-8. */
size_t plot_characters(const char *word);

/* "#010110": what stands for the colour of series i. */
const char *plot_colour(size_t i);

/* A round distance of ticks, so that at most `most` of them are in a range. */
double plot_tick(double range, int most);

#endif

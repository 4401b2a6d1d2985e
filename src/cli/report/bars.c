/* bars.c — bars that lie, made of pieces. */

#include "cli/report/charts.h"
#include "cli/report/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double piece(const report_bars *b, size_t row, size_t part)
{
    return plot_amount(b->value[row * b->parts + part]);
}

/* Of the pieces before this one. */
static double left_of(const report_bars *b, size_t row, size_t part)
{
    double sum = 0;

    for (size_t i = 0; i < part; i++)
        sum += piece(b, row, i);
    return sum;
}

static double sum_of(const report_bars *b, size_t row)
{
    return left_of(b, row, b->parts);
}

static double end_of(const report_bars *b, size_t row)
{
    return b->ends ? b->ends[row] : sum_of(b, row);
}

/* The number beside a bar: three digits, and all before the point. */
static int print_end(const report_bars *b, size_t row, char text[32])
{
    double end = end_of(b, row);

    return snprintf(text, 32, end >= 999.5 && end < 1e15 ? "%.0f" : "%.3g", end);
}

/* Where the bars end, so that the longest number beside them has room: "0.000444". */
static double right_margin(const report_bars *b)
{
    int longest = 0;

    for (size_t row = 0; row < b->rows; row++) {
        char text[32];
        int n = print_end(b, row, text);

        if (n > longest) longest = n;
    }
    return fmin(0.83, 0.98 - (double)(PLOT_DIGIT * longest) / PLOT_WIDTH);
}

enum { LABEL_MOST = 18 }; /* characters */

/* labels: short enough. */
static void add_bar_axes(const report_bars *b, const char *const *labels, int height,
                         report_text *script)
{
    double most = 0;
    size_t longest = 0;

    for (size_t row = 0; row < b->rows; row++) {
        most = fmax(most, sum_of(b, row));
        if (plot_width(labels[row]) > longest) longest = plot_width(labels[row]);
    }
    if (most <= 0) most = 1;
    report_add(script,
               "set lmargin at screen %.3f\nset rmargin at screen %.3f\n"
               "set tmargin at screen %.3f\nset bmargin at screen %.3f\n"
               "set border 1\nunset grid\nset grid xtics lt 1 lw 1 lc rgb '#010103'\n"
               "set xlabel '%s' offset 0, 0.4 tc rgb '#010101'\nset xrange [0:%.10g]\n"
               "set yrange [%.1f:0.5]\nset xtics %.10g\nset ytics scale 0 (",
               (16 + (double)longest) / PLOT_WIDTH, right_margin(b), 1 - 8.0 / height,
               52.0 / height, b->axis, most, 0.5 - (double)b->rows, plot_tick(most, 4));
    for (size_t row = 0; row < b->rows; row++)
        report_add(script, "%s'@%zu@' -%zu", row ? ", " : "", row, row);
    report_add(script, ")\nset style fill solid 1 border lc rgb '#010104'\n");
}

static void add_bars(const report_bars *b, report_text *script)
{
    for (size_t part = 0; part < b->parts; part++) {
        report_add(script, "$p%zu << EOD\n", part);
        for (size_t row = 0; row < b->rows; row++) {
            double left = left_of(b, row, part), width = piece(b, row, part);

            if (width <= 0) continue; /* its border would be seen */
            report_add(script, "%.10g %.1f %.10g %.10g %.2f %.2f\n", left, -(double)row,
                       left, left + width, -(double)row - 0.34, -(double)row + 0.34);
        }
        report_add(script, "EOD\n");
    }
    for (size_t row = 0; row < b->rows; row++) {
        char text[32];

        print_end(b, row, text);
        report_add(script,
                   "set label '%s' at %.10g, %.1f left offset 0.6, 0 tc rgb "
                   "'#010101'\n",
                   text, sum_of(b, row), -(double)row);
    }
    for (size_t part = 0; part < b->parts; part++)
        report_add(
            script,
            "%s$p%zu using 1:2:3:4:5:6 with boxxyerror lc rgb '%s' title '@%zu@'",
            part ? ", " : "plot ", part, plot_colour(b->colours[part]), b->rows + part);
    report_add(script, "\n");
}

/* "a: gradient 1.2, exchange 3. " */
static void describe(const report_bars *b, report_text *text)
{
    report_add(text, "In %s. ", b->axis);
    for (size_t row = 0; row < b->rows; row++) {
        report_add(text, "%s:", b->labels[row]);
        for (size_t i = 0; i < b->parts; i++)
            report_add(text, "%s %s %.3g", i ? "," : "", b->names[i], piece(b, row, i));
        report_add(text, ". ");
    }
}

tally_status report_draw(report_page *page, report_plot *plot, const report_text *text,
                         const char *caption, const char *note)
{
    report_text svg = {0};

    plot->description = text->at ? text->at : "";
    plot->number = ++page->pictures;
    tally_status status = report_plot_draw(plot, &svg);
    if (!status) sheet_picture(&page->sheet, svg.at, caption, note);
    report_text_close(&svg);
    return status;
}

/* Their labels, short enough, and the names of their parts; owned. */
static char (*words_of(const report_bars *b, const char ***words))[64]
{
    char(*labels)[64] = calloc(b->rows, sizeof *labels);

    *words = calloc(b->rows + b->parts, sizeof **words);
    if (!labels || !*words) return labels;
    for (size_t i = 0; i < b->rows; i++) {
        plot_shorten(b->labels[i], LABEL_MOST, labels[i], sizeof labels[i]);
        (*words)[i] = labels[i];
    }
    for (size_t i = 0; i < b->parts; i++)
        (*words)[b->rows + i] = b->names[i];
    return labels;
}

tally_status report_draw_bars(report_page *page, const report_bars *b,
                              const char *caption)
{
    report_plot plot = {.title = b->title, .height = 62 + 24 * (int)b->rows};
    report_text text = {0};
    const char **words;
    tally_status status = TALLY_OK;

    if (!page->draws || b->rows == 0) return TALLY_OK;
    char(*labels)[64] = words_of(b, &words);
    if (!labels || !words) {
        status = TALLY_FAIL(MEMORY, "no memory for %zu labels", b->rows);
    } else {
        plot.words = words;
        describe(b, &text);
        add_bar_axes(b, words, plot.height, &plot.script);
        add_bars(b, &plot.script);
        status = report_draw(page, &plot, &text, caption, "");
    }
    report_text_close(&plot.script);
    report_text_close(&text);
    free(labels);
    free(words);
    return status;
}

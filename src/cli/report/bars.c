/* bars.c — bars that lie, made of pieces; and columns of staleness. */

#include "cli/report/charts.h"
#include "cli/report/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double sum_of(const report_bars *b, size_t row)
{
    double sum = 0;

    for (size_t i = 0; i < b->parts; i++)
        sum += b->value[row * b->parts + i];
    return sum;
}

static void add_bar_axes(const report_bars *b, int height, report_text *script)
{
    double most = 0;
    size_t longest = 0;

    for (size_t row = 0; row < b->rows; row++) {
        most = fmax(most, sum_of(b, row));
        if (plot_characters(b->labels[row]) > longest)
            longest = plot_characters(b->labels[row]);
    }
    if (most <= 0) most = 1;
    report_add(script,
               "set lmargin at screen %.3f\nset rmargin at screen 0.86\n"
               "set tmargin at screen %.3f\nset bmargin at screen %.3f\n"
               "set border 1\nunset grid\nset grid xtics lt 1 lw 1 lc rgb '#010103'\n"
               "set xlabel '%s' offset 0, 0.4 tc rgb '#010101'\nset xrange [0:%.10g]\n"
               "set yrange [%.1f:0.5]\nset xtics %.10g\nset ytics scale 0 (",
               fmin(0.4, (12 + (double)(PLOT_CHARACTER * longest)) / PLOT_WIDTH),
               1 - 8.0 / height, 52.0 / height, b->axis, most, 0.5 - (double)b->rows,
               plot_tick(most, 4));
    for (size_t row = 0; row < b->rows; row++)
        report_add(script, "%s'@%zu@' -%zu", row ? ", " : "", row, row);
    report_add(script, ")\nset style fill solid 1 noborder\n");
}

static void add_bars(const report_bars *b, report_text *script)
{
    for (size_t part = 0; part < b->parts; part++) {
        report_add(script, "$p%zu << EOD\n", part);
        for (size_t row = 0; row < b->rows; row++) {
            const double *v = &b->value[row * b->parts];
            double left = 0;

            for (size_t i = 0; i < part; i++)
                left += v[i];
            report_add(script, "%.10g %.1f %.10g %.10g %.2f %.2f\n", left, -(double)row,
                       left, left + v[part], -(double)row - 0.34, -(double)row + 0.34);
        }
        report_add(script, "EOD\n");
    }
    for (size_t row = 0; row < b->rows; row++)
        report_add(script,
                   "set label '%.3g' at %.10g, %.1f left offset 0.6, 0 tc rgb "
                   "'#010101'\n",
                   sum_of(b, row), sum_of(b, row), -(double)row);
    for (size_t part = 0; part < b->parts; part++)
        report_add(
            script,
            "%s$p%zu using 1:2:3:4:5:6 with boxxyerror lc rgb '%s' title '@%zu@'",
            part ? ", " : "plot ", part, plot_colour(part), b->rows + part);
    report_add(script, "\n");
}

/* "a: gradient 1.2, exchange 3. " */
static void describe(const report_bars *b, report_text *text)
{
    report_add(text, "In %s. ", b->axis);
    for (size_t row = 0; row < b->rows; row++) {
        report_add(text, "%s:", b->labels[row]);
        for (size_t i = 0; i < b->parts; i++)
            report_add(text, "%s %s %.3g", i ? "," : "", b->names[i],
                       b->value[row * b->parts + i]);
        report_add(text, ". ");
    }
}

/* Draws plot->script, and puts it on the page. */
static tally_status put(report_page *page, report_plot *plot, const report_text *text,
                        const char *caption)
{
    report_text svg = {0};

    plot->description = text->at ? text->at : "";
    plot->number = ++page->pictures;
    tally_status status = report_plot_draw(plot, &svg);
    if (!status) sheet_picture(&page->sheet, svg.at, caption);
    report_text_close(&svg);
    return status;
}

tally_status report_draw_bars(report_page *page, const report_bars *b,
                              const char *caption)
{
    report_plot plot = {.title = b->title, .height = 62 + 24 * (int)b->rows};
    report_text text = {0};

    if (!page->draws) return TALLY_OK;
    const char **words = calloc(b->rows + b->parts, sizeof *words);
    if (!words) return TALLY_FAIL(MEMORY, "no memory for %zu labels", b->rows);
    for (size_t i = 0; i < b->rows; i++)
        words[i] = b->labels[i];
    for (size_t i = 0; i < b->parts; i++)
        words[b->rows + i] = b->names[i];
    plot.words = words;
    describe(b, &text);
    add_bar_axes(b, plot.height, &plot.script);
    add_bars(b, &plot.script);
    tally_status status = put(page, &plot, &text, caption);
    report_text_close(&plot.script);
    report_text_close(&text);
    free(words);
    return status;
}

/* ---- staleness ---- */

/* A block of data for each server's run; returns how many there are. */
static size_t add_staleness(const report_page *page, report_text *script,
                            report_text *text, uint64_t *most)
{
    size_t servers = 0;

    for (size_t k = 0; k < page->count; k++) {
        const report_run *r = &page->runs[k];
        bool first = true;

        for (size_t i = 0; i < r->entry_count; i++) {
            const report_entry *e = &r->entries[i];

            if (strcmp(e->name, "server/staleness") != 0) continue;
            if (first) {
                report_add(script, "$r%zu << EOD\n", k);
                report_add(text, "%s:", page->label[k]);
            }
            first = false;
            if (e->index > *most) *most = e->index;
            report_add(script, "%llu %.10g\n", (unsigned long long)e->index, e->value);
            report_add(text, " %.10g of staleness %llu,", e->value,
                       (unsigned long long)e->index);
        }
        if (first) continue;
        report_add(script, "EOD\n");
        report_add(text, " and no more. ");
        servers++;
    }
    return servers;
}

static void add_columns(const report_page *page, size_t servers, uint64_t most,
                        report_text *script)
{
    double width = 0.84 / (double)servers;
    size_t place = 0;

    report_add(script,
               "set lmargin at screen 0.14\nset rmargin at screen 0.96\n"
               "set tmargin at screen 0.95\nset bmargin at screen 0.2\n"
               "set xlabel 'staleness, in updates' offset 0, 0.4 tc rgb '#010101'\n"
               "set xrange [-0.6:%.1f]\nset yrange [0:*]\n"
               "set xtics %.10g\nset style fill solid 1 noborder\nset boxwidth %.6g\n",
               (double)most + 0.6, fmax(1, plot_tick((double)most + 1, 8)), width);
    for (size_t k = 0; k < page->count; k++) {
        if (!report_run_has_entries(&page->runs[k], "server/staleness")) continue;
        report_add(
            script, "%s$r%zu using ($1 + %.6g):2 with boxes lc rgb '%s' title '@%zu@'",
            place ? ", " : "plot ", k,
            width * ((double)place - ((double)servers - 1) / 2), plot_colour(k), k);
        place++;
    }
    report_add(script, "\n");
}

tally_status report_draw_staleness(report_page *page, const char *caption)
{
    const char *words[REPORT_RUNS_MOST];
    report_plot plot = {.title = "Pushes by staleness", .height = 270, .words = words};
    report_text text = {0};
    uint64_t most = 0;
    tally_status status = TALLY_OK;

    if (!page->draws) return TALLY_OK;
    for (size_t k = 0; k < page->count; k++)
        words[k] = page->label[k];
    size_t servers = add_staleness(page, &plot.script, &text, &most);
    if (servers) {
        add_columns(page, servers, most, &plot.script);
        status = put(page, &plot, &text, caption);
    }
    report_text_close(&plot.script);
    report_text_close(&text);
    return status;
}

/* rows.c — metrics row by row: the table behind a picture of lines. */

#include "cli/report/page.h"

#include <stdio.h>

enum { ROWS_MOST = 500, HEADS_MOST = 3 + CHART_METRICS_MOST };

/* What a table of one run shows. */
typedef struct rows {
    const report_run *run;
    const report_column *seconds, *bytes, *metrics[CHART_METRICS_MOST];
    size_t count; /* metrics */
} rows;

static rows choose(const report_run *r, const report_chart *chart)
{
    rows t = {.run = r,
              .seconds = report_run_column(r, "train/seconds"),
              .bytes = report_run_column(r, "exchange/bytes_sent")};

    for (size_t m = 0; m < CHART_METRICS_MOST && chart->metrics[m]; m++) {
        const report_column *c = report_run_column(r, chart->metrics[m]);

        if (c) t.metrics[t.count++] = c;
    }
    return t;
}

static bool has_metric(const rows *t, size_t row)
{
    double value;

    for (size_t m = 0; m < t->count; m++)
        if (report_column_at(t->metrics[m], row, &value)) return true;
    return false;
}

static void write_cell(report_sheet *s, const report_column *c, size_t row)
{
    double value;

    if (report_column_at(c, row, &value))
        sheet_number(s, value);
    else
        sheet_no_cell(s);
}

/* Long runs show every stride-th row, and the last one. */
static void write_body(report_sheet *s, const rows *t, size_t stride, size_t last)
{
    size_t seen = 0;

    for (size_t row = 0; row < t->run->rows; row++) {
        if (!has_metric(t, row)) continue;
        if (seen++ % stride && row != last) continue;
        sheet_number(s, (double)t->run->steps[row]);
        write_cell(s, t->seconds, row);
        write_cell(s, t->bytes, row);
        for (size_t m = 0; m < t->count; m++)
            write_cell(s, t->metrics[m], row);
    }
}

static void write_table(report_page *p, size_t k, const report_chart *chart)
{
    rows t = choose(&p->runs[k], chart);
    const char *heads[HEADS_MOST] = {"#step", "#seconds", "#bytes sent by rank 0"};
    char names[CHART_METRICS_MOST][96], caption[256], thinned[64] = "";
    size_t all = 0, last = 0;

    if (t.count == 0) return;
    for (size_t m = 0; m < t.count; m++) {
        snprintf(names[m], sizeof names[m], "#%s", t.metrics[m]->name);
        heads[3 + m] = names[m];
    }
    for (size_t row = 0; row < t.run->rows; row++) {
        if (!has_metric(&t, row)) continue;
        all++;
        last = row;
    }
    size_t stride = (all + ROWS_MOST - 1) / ROWS_MOST;
    if (stride > 1)
        snprintf(thinned, sizeof thinned, ", every %zuth row of %zu", stride, all);
    snprintf(caption, sizeof caption, "%s of %s%s", chart->title, p->label[k], thinned);
    sheet_table_begin(&p->sheet, true, caption, 3 + t.count, heads);
    write_body(&p->sheet, &t, stride ? stride : 1, last);
    sheet_table_end(&p->sheet);
}

void report_write_rows(report_page *p, const report_chart *chart)
{
    for (size_t k = 0; k < p->count; k++)
        write_table(p, k, chart);
}

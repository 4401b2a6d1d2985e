/* page.c — a whole report, from top to bottom. */

#include "cli/report/page.h"

#include "tally/tally.h"

#include <stdio.h>
#include <string.h>

static const report_chart loss = {
    .title = "Loss",
    .metrics = {"train/loss", "validate/loss", "test/loss"},
};

static const report_chart accuracy = {
    .title = "Accuracy",
    .metrics = {"validate/accuracy", "test/accuracy"},
    .share = true,
};

/* Metrics that have a place of their own; the others are shown under their names. */
static bool has_a_place(const char *name)
{
    static const char *const names[] = {"train/loss", "validate/loss", "test/loss",
                                        "validate/accuracy", "test/accuracy"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return report_is_count(name);
}

static bool is_there(const report_page *p, const report_chart *chart)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t m = 0; m < CHART_METRICS_MOST && chart->metrics[m]; m++)
            if (report_run_column(&p->runs[i], chart->metrics[m])) return true;
    return false;
}

static tally_status write_chart(report_page *p, const report_chart *chart,
                                const char *strokes)
{
    report_sheet *s = &p->sheet;

    if (!is_there(p, chart)) {
        sheet_say(s, "The metrics hold none yet.");
        return TALLY_OK;
    }
    if (p->draws) {
        sheet_say(s, "%s", strokes);
        report_write_colours(p);
        sheet_pictures_begin(s);
        TALLY_TRY(report_draw_lines(p, chart));
        sheet_pictures_end(s);
    }
    sheet_tables_begin(s);
    report_write_rows(p, chart);
    sheet_tables_end(s);
    return TALLY_OK;
}

static tally_status write_progress(report_page *p)
{
    sheet_section(&p->sheet, "loss", "Loss");
    TALLY_TRY(write_chart(p, &loss,
                          "Solid: training, the mean over the epoch so far. Dashed: "
                          "rows held out for validation. Dot at the end: test."));
    sheet_section(&p->sheet, "accuracy", "Accuracy");
    return write_chart(p, &accuracy,
                       "Solid: rows held out for validation. Dot at the end: test.");
}

/* Whether a run before run k has this metric, which then is shown already. */
static bool was_shown(const report_page *p, size_t k, const char *name)
{
    for (size_t i = 0; i < k; i++)
        if (report_run_column(&p->runs[i], name)) return true;
    return false;
}

/* The next metric that has no place of its own, from this run and column on. */
static const char *next_other(const report_page *p, size_t *run, size_t *column)
{
    for (; *run < p->count; (*run)++, *column = 0)
        while (*column < p->runs[*run].column_count) {
            const char *name = p->runs[*run].columns[(*column)++].name;

            if (!has_a_place(name) && !was_shown(p, *run, name)) return name;
        }
    return NULL;
}

static bool has_others(const report_page *p)
{
    size_t run = 0, column = 0;

    return next_other(p, &run, &column) != NULL;
}

enum { OTHERS_DRAWN = 24 };

static tally_status draw_others(report_page *p)
{
    size_t run = 0, column = 0, drawn = 0;
    const char *name;

    if (!p->draws) return TALLY_OK;
    report_write_colours(p);
    sheet_pictures_begin(&p->sheet);
    while ((name = next_other(p, &run, &column)) && drawn++ < OTHERS_DRAWN) {
        report_chart chart = {.title = name, .metrics = {name}, .by_step_alone = true};

        TALLY_TRY(report_draw_lines(p, &chart));
    }
    sheet_pictures_end(&p->sheet);
    if (name)
        sheet_say(&p->sheet, "The first %d metrics have pictures, the others tables.",
                  OTHERS_DRAWN);
    return TALLY_OK;
}

static tally_status write_others(report_page *p)
{
    size_t run = 0, column = 0;
    const char *name;

    if (!has_others(p)) return TALLY_OK;
    sheet_section(&p->sheet, "others", "Other metrics");
    TALLY_TRY(draw_others(p));
    sheet_tables_begin(&p->sheet);
    while ((name = next_other(p, &run, &column))) {
        report_chart chart = {.title = name, .metrics = {name}};

        report_write_rows(p, &chart);
    }
    sheet_tables_end(&p->sheet);
    return TALLY_OK;
}

static void write_contents(report_page *p)
{
    sheet_link links[9];
    size_t n = 0;

    links[n++] = (sheet_link){"summary", "Summary"};
    links[n++] = (sheet_link){"loss", "Loss"};
    links[n++] = (sheet_link){"accuracy", "Accuracy"};
    if (report_has_scaling(p)) links[n++] = (sheet_link){"scaling", "Scaling"};
    links[n++] = (sheet_link){"time", "Where the time went"};
    links[n++] = (sheet_link){"bytes", "Bytes by tensor and link"};
    if (has_others(p)) links[n++] = (sheet_link){"others", "Other metrics"};
    links[n++] = (sheet_link){"runs", "Runs"};
    links[n] = (sheet_link){NULL, NULL};
    sheet_contents(&p->sheet, links);
}

enum { TITLE_MOST = 5 }; /* runs whose names stand in it */

static void write_title(report_page *p)
{
    report_text title = {0};

    report_add(&title, "Tally report:");
    if (p->count > TITLE_MOST) report_add(&title, " %zu runs", p->count);
    for (size_t i = 0; i < p->count && p->count <= TITLE_MOST; i++)
        report_add(&title, "%s %s", i ? "," : "", p->label[i]);
    sheet_begin(&p->sheet, title.at ? title.at : "Tally report");
    report_text_close(&title);
}

tally_status report_page_write(report_page *p)
{
    report_sheet *s = &p->sheet;

    write_title(p);
    write_contents(p);
    if (s->style == REPORT_HTML && !p->draws)
        sheet_say(s, "No gnuplot drew on the machine that wrote this page, so it has "
                     "tables alone; Debian's package is gnuplot-nox.");
    if (p->left_out)
        sheet_say(s, "Left out, since %s cannot be read: %s.",
                  p->left_out == 1 ? "it" : "they", p->reasons.at);
    TALLY_TRY(report_write_summary(p));
    TALLY_TRY(write_progress(p));
    if (report_has_scaling(p)) TALLY_TRY(report_write_scaling(p));
    TALLY_TRY(report_write_time(p));
    TALLY_TRY(report_write_tensors(p));
    TALLY_TRY(write_others(p));
    TALLY_TRY(report_write_runs(p));
    sheet_end(s, "Written by tally " TALLY_VERSION
                 ". Seconds are those of the steps of rank 0, evaluation and "
                 "checkpoints left out.");
    return report_text_check(&s->text);
}

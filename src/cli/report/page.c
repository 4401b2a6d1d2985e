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

static const sheet_link links[] = {
    {"summary",  "Summary"            },
    {"loss",     "Loss"               },
    {"accuracy", "Accuracy"           },
    {"time",     "Where the time went"},
    {"bytes",    "Bytes by tensor"    },
    {"others",   "Other metrics"      },
    {"runs",     "Runs"               },
    {NULL,       NULL                 },
};

/* Metrics that have a place of their own; the others are shown under their names. */
static bool has_a_place(const char *name)
{
    static const char *const names[] = {
        "train/loss",       "validate/loss", "test/loss",        "validate/accuracy",
        "test/accuracy",    "train/seconds", "gradient/seconds", "exchange/bytes_sent",
        "exchange/seconds", "apply/seconds"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static bool is_there(const report_page *p, const report_chart *chart)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t m = 0; m < CHART_METRICS_MOST && chart->metrics[m]; m++)
            if (report_run_column(&p->runs[i], chart->metrics[m])) return true;
    return false;
}

static tally_status write_chart(report_page *p, const report_chart *chart)
{
    report_sheet *s = &p->sheet;

    if (!is_there(p, chart)) {
        sheet_say(s, "The metrics hold none yet.");
        return TALLY_OK;
    }
    sheet_pictures_begin(s);
    TALLY_TRY(report_draw_lines(p, chart));
    sheet_pictures_end(s);
    report_write_rows(p, chart);
    return TALLY_OK;
}

static tally_status write_progress(report_page *p)
{
    report_sheet *s = &p->sheet;

    sheet_section(s, "loss", "Loss");
    if (p->draws)
        sheet_say(s,
                  "Solid: training, the mean over the epoch so far. Dashed: rows held "
                  "out for validation. Dot at the end: test.");
    TALLY_TRY(write_chart(p, &loss));
    sheet_section(s, "accuracy", "Accuracy");
    if (p->draws)
        sheet_say(s, "Solid: rows held out for validation. Dot at the end: test.");
    return write_chart(p, &accuracy);
}

/* Whether a run before run k has this metric, which then is shown already. */
static bool was_shown(const report_page *p, size_t k, const char *name)
{
    for (size_t i = 0; i < k; i++)
        if (report_run_column(&p->runs[i], name)) return true;
    return false;
}

static tally_status write_others(report_page *p)
{
    sheet_section(&p->sheet, "others", "Other metrics");
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < p->runs[k].column_count; i++) {
            const char *name = p->runs[k].columns[i].name;
            report_chart chart = {
                .title = name, .metrics = {name}, .by_step_alone = true};

            if (has_a_place(name) || was_shown(p, k, name)) continue;
            sheet_part(&p->sheet, name);
            TALLY_TRY(write_chart(p, &chart));
        }
    return TALLY_OK;
}

static void write_title(report_page *p)
{
    report_text title = {0};

    report_add(&title, "Tally report:");
    for (size_t i = 0; i < p->count; i++)
        report_add(&title, "%s %s", i ? "," : "", p->label[i]);
    sheet_begin(&p->sheet, title.at ? title.at : "Tally report");
    report_text_close(&title);
}

tally_status report_page_write(report_page *p)
{
    report_sheet *s = &p->sheet;

    write_title(p);
    sheet_contents(s, links);
    if (s->style == REPORT_HTML && !p->draws)
        sheet_say(s,
                  "There is no gnuplot on the machine that wrote this page, so it has "
                  "tables alone; Debian's package is gnuplot-nox.");
    TALLY_TRY(report_write_summary(p));
    TALLY_TRY(write_progress(p));
    TALLY_TRY(report_write_ranks(p));
    TALLY_TRY(report_write_tensors(p));
    TALLY_TRY(write_others(p));
    TALLY_TRY(report_write_runs(p));
    sheet_say(s,
              "Written by tally %s. Seconds are those of the steps of rank 0, "
              "evaluation and checkpoints left out.",
              TALLY_VERSION);
    sheet_end(s);
    return report_text_check(&s->text);
}

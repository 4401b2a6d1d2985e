/* summary.c — one line for each run, and the options in which the runs differ. */

#include "cli/report/page.h"

#include <math.h>
#include <string.h>

void report_add_method(const report_run *r, report_text *text)
{
    static const char *const shown[][2] = {
        {"exchange",  ""    },
        {"codec",     "fp32"},
        {"aggregate", "mean"},
        {"attack",    "none"}
    };
    const char *trainer = report_run_option(r, "trainer");
    int length = (int)strcspn(trainer, ":");

    if (strncmp(trainer, "lockstep", (size_t)length) != 0 || length != 8) {
        report_add(text, "%.*s", length, trainer);
        if (strncmp(trainer, "server", (size_t)length) == 0)
            report_add(text, ", %s", report_run_option(r, "consistency"));
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        const char *value = report_run_option(r, shown[i][0]);

        length = (int)strcspn(value, ":");
        if (length == 0 || strncmp(value, shown[i][1], (size_t)length) == 0) continue;
        report_add(text, "%s%.*s", i ? ", " : "", length, value);
    }
}

static void number_or_none(report_sheet *s, const report_run *r, const char *name)
{
    if (report_run_column(r, name))
        sheet_number(s, report_run_last(r, name));
    else
        sheet_no_cell(s);
}

/* A count "so far" per step, `scale` times. */
static void per_step(report_sheet *s, const report_run *r, const char *name,
                     double scale)
{
    double each = scale * report_run_per_step(r, name);

    if (isnan(each))
        sheet_no_cell(s);
    else
        sheet_number(s, each);
}

static void write_run(report_sheet *s, const report_run *r, const char *label)
{
    report_text method = {0};
    const json_t *ranks = json_object_get(r->manifest, "ranks");

    report_add_method(r, &method);
    sheet_words(s, label);
    sheet_words(s, method.at ? method.at : "");
    sheet_number(s, json_number_value(ranks));
    sheet_number(s, r->rows ? (double)r->steps[r->rows - 1] : 0);
    number_or_none(s, r, "train/loss");
    number_or_none(s, r, "validate/accuracy");
    number_or_none(s, r, "test/accuracy");
    number_or_none(s, r, "train/seconds");
    per_step(s, r, "train/seconds", 1000);
    number_or_none(s, r, "exchange/bytes_sent");
    per_step(s, r, "exchange/bytes_sent", 1);
    report_text_close(&method);
}

/* ---- what differs ---- */

static bool differs(const report_page *p, const char *name)
{
    for (size_t i = 1; i < p->count; i++)
        if (strcmp(report_run_option(&p->runs[i], name),
                   report_run_option(&p->runs[0], name)) != 0)
            return true;
    return false;
}

/* Options of the first run; every run has all of them. */
static void write_differences(report_page *p)
{
    const char *heads[1 + REPORT_RUNS_MOST] = {"option"}, *name;
    json_t *value;
    bool any = false;

    for (size_t i = 0; i < p->count; i++)
        heads[1 + i] = p->label[i];
    json_object_foreach(p->runs[0].options, name, value)
    {
        if (strcmp(name, "out") == 0 || !differs(p, name)) continue;
        if (!any) sheet_part(&p->sheet, "What differs");
        if (!any)
            sheet_table_begin(&p->sheet, false, "Options in which the runs differ",
                              1 + p->count, heads);
        any = true;
        sheet_words(&p->sheet, name);
        for (size_t i = 0; i < p->count; i++)
            sheet_words(&p->sheet, report_run_option(&p->runs[i], name));
    }
    if (any) sheet_table_end(&p->sheet);
}

tally_status report_write_summary(report_page *p)
{
    static const char *const heads[] = {"run",
                                        "how ranks agree",
                                        "#ranks",
                                        "#steps",
                                        "#training loss",
                                        "#validation accuracy",
                                        "#test accuracy",
                                        "#seconds",
                                        "#ms a step",
                                        "#bytes sent by rank 0",
                                        "#bytes a step"};
    report_sheet *s = &p->sheet;

    sheet_section(s, "summary", "Summary");
    sheet_table_begin(s, false, "What came of each run", 11, heads);
    for (size_t i = 0; i < p->count; i++)
        write_run(s, &p->runs[i], p->label[i]);
    sheet_table_end(s);
    for (size_t i = 0; i < p->count; i++)
        if (p->runs[i].torn)
            sheet_say(s,
                      "%s: the last line of its metrics is cut off and left out; the "
                      "run goes on, or was killed.",
                      p->label[i]);
    if (p->count > 1) write_differences(p);
    return TALLY_OK;
}

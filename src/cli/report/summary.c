/* summary.c — one line for each run; the numbers of one run alone in large. */

#include "cli/report/options.h"
#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
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

/* ---- one run alone ---- */

static void add_count(report_sheet *s, const char *name, double x, const char *unit)
{
    report_text value = {0};

    report_add_number(&value, x);
    report_add(&value, "%s", unit);
    sheet_fact(s, name, value.at ? value.at : "");
    report_text_close(&value);
}

/* A number with its unit; what is not finite is left out. */
static void add_fact(report_sheet *s, const char *name, double x, int digits,
                     const char *unit)
{
    char value[64];

    if (!isfinite(x)) return;
    if (fabs(x) >= 999.5) {
        add_count(s, name, x, unit);
        return;
    }
    snprintf(value, sizeof value, "%.*g%s", digits, x, unit);
    sheet_fact(s, name, value);
}

/* 36640800 -> "36.6 MB". */
static void add_bytes(report_sheet *s, const char *name, double bytes)
{
    static const char *const units[] = {" B", " kB", " MB", " GB", " TB"};
    size_t i = 0;

    for (; i < 4 && bytes >= 999.5; i++)
        bytes /= 1000;
    add_fact(s, name, bytes, 3, units[i]);
}

static void write_facts(report_sheet *s, const report_run *r)
{
    bool tested = report_run_column(r, "test/accuracy") != NULL;

    sheet_facts_begin(s);
    add_fact(s, tested ? "test accuracy" : "validation accuracy",
             100 * report_run_last(r, tested ? "test/accuracy" : "validate/accuracy"),
             4, " %");
    add_fact(s, "training loss", report_run_last(r, "train/loss"), 3, "");
    add_count(s, "steps", r->rows ? (double)r->steps[r->rows - 1] : 0, "");
    add_count(s, "ranks", json_number_value(json_object_get(r->manifest, "ranks")), "");
    add_fact(s, report_is_simulated(r) ? "a step, simulated" : "a step",
             1000 * report_run_per_step(r, "train/seconds"), 3, " ms");
    add_bytes(s, "sent a step by rank 0",
              report_run_per_step(r, "exchange/bytes_sent"));
    sheet_facts_end(s);
}

/* ---- a row for each run ---- */

static void number_or_none(report_sheet *s, const report_run *r, const char *name)
{
    if (report_run_column(r, name))
        sheet_number(s, report_run_last(r, name));
    else
        sheet_no_cell(s);
}

static void percent_or_none(report_sheet *s, const report_run *r, const char *name)
{
    if (report_run_column(r, name))
        sheet_percent(s, report_run_last(r, name));
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
    percent_or_none(s, r, "validate/accuracy");
    percent_or_none(s, r, "test/accuracy");
    sheet_words(s, report_is_simulated(r) ? "simulated" : "measured");
    number_or_none(s, r, "train/seconds");
    per_step(s, r, "train/seconds", 1000);
    number_or_none(s, r, "exchange/bytes_sent");
    per_step(s, r, "exchange/bytes_sent", 1);
    report_text_close(&method);
}

static void write_table(report_page *p)
{
    static const char *const heads[] = {"run",
                                        "how ranks agree",
                                        "#ranks",
                                        "#steps",
                                        "#training loss",
                                        "#validation accuracy",
                                        "#test accuracy",
                                        "clock",
                                        "#seconds",
                                        "#ms a step",
                                        "#bytes sent by rank 0",
                                        "#bytes a step"};

    sheet_table_begin(&p->sheet, false, "What came of each run",
                      sizeof heads / sizeof *heads, heads);
    for (size_t k = 0; k < p->count; k++)
        write_run(&p->sheet, &p->runs[k], p->label[k]);
    sheet_table_end(&p->sheet);
}

/* ---- what must be known of the numbers ---- */

bool report_is_simulated(const report_run *r)
{
    return option_is(report_run_option(r, "comm"), "sim");
}

static const char *const crew_keys[] = {"ranks", "node", NULL};

/* Whether an earlier run was simulated on the same network. */
static bool was_told(const report_page *p, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (option_same_but(report_run_option(&p->runs[i], "comm"),
                            report_run_option(&p->runs[k], "comm"), crew_keys))
            return true;
    return false;
}

static void say_simulated(report_page *p, size_t k)
{
    const char *comm = report_run_option(&p->runs[k], "comm");
    char alpha[OPTION_WORD], beta[OPTION_WORD], alpha_node[OPTION_WORD],
        beta_node[OPTION_WORD];

    if (!report_is_simulated(&p->runs[k]) || was_told(p, k)) return;
    option_value(comm, "alpha", alpha);
    option_value(comm, "beta", beta);
    option_value(comm, "alpha_node", alpha_node);
    option_value(comm, "beta_node", beta_node);
    sheet_say(&p->sheet,
              "Simulated seconds (%s%s) are those of a virtual clock, not of a "
              "machine: a message takes alpha = %s s and beta = %s s for each byte "
              "between nodes, %s s and %s s within one.",
              p->label[k], p->count > 1 ? " and runs of the same network" : "", alpha,
              beta, alpha_node, beta_node);
}

/* What ranks did, and the loss of test rows, are told at the end of each process: those
 * of an earlier one are not the run's. */
static bool has_ended(const report_run *r)
{
    const report_column *test = report_run_column(r, "test/loss");

    if (test && test->row[test->count - 1] + 1 == r->rows) return true;
    return r->entry_count > 0 &&
           (r->rows == 0 || r->entries_step >= r->steps[r->rows - 1]);
}

/* The loss of the step that failed is the last that a run says. */
static bool has_diverged(const report_run *r)
{
    return report_run_column(r, "train/loss") &&
           !isfinite(report_run_last(r, "train/loss"));
}

static void say_unfinished(report_page *p, size_t k)
{
    const report_run *r = &p->runs[k];

    if (r->torn)
        sheet_say(&p->sheet,
                  "%s: the last line of its metrics is cut off and left out; the run "
                  "goes on, or was killed.",
                  p->label[k]);
    else if (!has_ended(r) && has_diverged(r))
        sheet_say(&p->sheet, "%s diverged: its loss was not finite in step %llu.",
                  p->label[k], (unsigned long long)r->steps[r->rows - 1]);
    else if (!has_ended(r))
        sheet_say(&p->sheet,
                  "%s has not come to its end: it goes on, was stopped, or failed.",
                  p->label[k]);
}

tally_status report_write_summary(report_page *p)
{
    report_sheet *s = &p->sheet;

    sheet_section(s, "summary", "Summary");
    if (p->count == 1) write_facts(s, &p->runs[0]);
    write_table(p);
    for (size_t k = 0; k < p->count; k++)
        say_simulated(p, k);
    for (size_t k = 0; k < p->count; k++)
        say_unfinished(p, k);
    return p->count > 1 ? report_write_differences(p) : TALLY_OK;
}

/* runs.c — what each run was: a command line that does it again, and its manifest. */

#include "cli/report/options.h"
#include "cli/report/page.h"
#include "run/config.h"

#include <stdio.h>
#include <string.h>

/* A word of a POSIX shell. */
static void add_word(report_text *t, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_@%+=:,./-";

    if (*word && strspn(word, plain) == strlen(word)) {
        report_add(t, "%s", word);
        return;
    }
    report_add(t, "'");
    for (; *word; word++)
        report_add(t, *word == '\'' ? "'\\''" : "%c", *word);
    report_add(t, "'");
}

/* Where it was started and kept does not change what it did. */
static bool is_told(const char *name, const char *value)
{
    if (strcmp(name, "out") == 0) return false;
    return strcmp(name, "comm") != 0 || option_is(value, "sim");
}

static void write_option(report_sheet *s, const char *name, const char *value)
{
    report_text flag = {0}, both = {0};

    report_add(&flag, "--");
    for (; *name; name++)
        report_add(&flag, "%c", *name == '_' ? '-' : *name);
    add_word(&both, flag.at ? flag.at : "");
    report_add(&both, " ");
    add_word(&both, value);
    sheet_code_word(s, both.at ? both.at : "");
    report_text_close(&flag);
    report_text_close(&both);
}

/* What differs from the defaults of this program. */
static void write_command(report_sheet *s, const report_run *r, const json_t *defaults)
{
    double ranks = json_number_value(json_object_get(r->manifest, "ranks"));
    char launcher[64];
    const char *name;
    json_t *value;

    sheet_code_begin(s);
    if (ranks > 1 && !option_is(report_run_option(r, "comm"), "sim")) {
        snprintf(launcher, sizeof launcher, "mpirun -n %.0f", ranks);
        sheet_code_word(s, launcher);
    }
    sheet_code_word(s, "tally train");
    json_object_foreach(r->options, name, value)
    {
        const char *text = json_string_value(value);
        const char *usual = json_string_value(json_object_get(defaults, name));

        if (!text || !is_told(name, text) || (usual && strcmp(usual, text) == 0))
            continue;
        write_option(s, name, text);
    }
    sheet_code_end(s);
}

static void write_value(report_sheet *s, const json_t *value)
{
    if (json_is_string(value))
        sheet_words(s, json_string_value(value));
    else if (json_is_number(value))
        sheet_number(s, json_number_value(value));
    else
        sheet_no_cell(s);
}

static void write_manifest(report_page *p, const report_run *r, const char *label)
{
    static const char *const heads[] = {"entry", "value"};
    char caption[96];
    const char *name;
    json_t *value;

    snprintf(caption, sizeof caption, "Manifest of %s", label);
    sheet_table_begin(&p->sheet, true, caption, 2, heads);
    json_object_foreach(r->manifest, name, value)
    {
        if (value == r->options) continue;
        sheet_words(&p->sheet, name);
        write_value(&p->sheet, value);
    }
    json_object_foreach(r->options, name, value)
    {
        sheet_words(&p->sheet, name);
        write_value(&p->sheet, value);
    }
    sheet_table_end(&p->sheet);
}

tally_status report_write_runs(report_page *p)
{
    tally_run usual = {0};
    tally_status status = tally_config_resolve(&usual);
    json_t *defaults = status ? NULL : tally_config_json(&usual);

    sheet_section(&p->sheet, "runs", "Runs");
    for (size_t k = 0; k < p->count; k++) {
        sheet_part(&p->sheet, p->runs[k].path);
        sheet_say(&p->sheet, "What differs from the defaults, as a command line:");
        write_command(&p->sheet, &p->runs[k], defaults);
        sheet_tables_begin(&p->sheet);
        write_manifest(p, &p->runs[k], p->label[k]);
        sheet_tables_end(&p->sheet);
    }
    json_decref(defaults);
    tally_config_close(&usual);
    return status;
}

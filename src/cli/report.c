/* report.c — `tally report`: a page about one run or several, from their folders.
 *
 *     folder.c, metrics.c       a run folder as it is read
 *     page.c                    the sections
 *     summary.c ... runs.c      one section each; rows.c: the table behind lines
 *     lines.c, bars.c           pictures, drawn by gnuplot: plot.c; colours.c
 *     events.c                  instead of a page, what TensorBoard reads
 *     sheet.c, text.c, style.c  HTML or Markdown, everything escaped
 *
 * The same folders give the same bytes: no date, no network, no random names. */

#include "base/file.h"
#include "base/status.h"
#include "cli/command.h"
#include "cli/report/events.h"
#include "cli/report/page.h"
#include "cli/report/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct job {
    const char *out, *format, *tensorboard;
    const char *folders[REPORT_RUNS_MOST];
    size_t count;
    bool help;
} job;

static const char usage[] =
    "tally report RUN... [--out FILE] [--format html|markdown] [--tensorboard DIR]\n"
    "\n"
    "  RUN                         a run folder of tally train --out, at most 64;\n"
    "                              one that cannot be read is left out\n"
    "  --out FILE, -o FILE         where to write (standard output)\n"
    "  --format html|markdown      a page with pictures, or tables alone (markdown for a\n"
    "                              FILE.md, else html)\n"
    "  --tensorboard DIR           no page: metrics as events, DIR/RUN for each run, then\n"
    "                              tensorboard --logdir DIR\n"
    "  --backtrace                 show the places an error went through\n"
    "  --help                      this page\n"
    "\n"
    "Loss and accuracy against steps, time and bytes; where the time went, by run and by\n"
    "rank; scaling of runs that differ in their ranks; bytes by tensor and link;\n"
    "staleness; options and command lines.  One file, no network.\n"
    "gnuplot draws the pictures (Debian: gnuplot-nox); without it there are tables.\n";

/* ---- words ---- */

/* The value of --out FILE, --out=FILE or -o FILE; *found: this is the flag. */
static tally_status read_flag(const char *name, const char *letter, int count,
                              char *const *words, int *at, const char **value,
                              bool *found)
{
    const char *word = words[*at];
    size_t n = strlen(name);

    *found = strcmp(word, letter) == 0 ||
             (strncmp(word, name, n) == 0 && (word[n] == '\0' || word[n] == '='));
    if (!*found) return TALLY_OK;
    if (*value) return TALLY_FAIL(OPTION, "%s is given twice", name);
    if (strncmp(word, name, n) == 0 && word[n] == '=')
        *value = word + n + 1;
    else if (*at + 1 < count)
        *value = words[++*at];
    if (!*value || !**value) return TALLY_FAIL(OPTION, "%s needs a value", name);
    return TALLY_OK;
}

static tally_status read_word(job *j, int count, char *const *words, int *at)
{
    const char *word = words[*at];
    bool found;

    TALLY_TRY(read_flag("--out", "-o", count, words, at, &j->out, &found));
    if (found) return TALLY_OK;
    TALLY_TRY(read_flag("--format", "--format", count, words, at, &j->format, &found));
    if (found) return TALLY_OK;
    TALLY_TRY(read_flag("--tensorboard", "--tensorboard", count, words, at,
                        &j->tensorboard, &found));
    if (found || strcmp(word, "--backtrace") == 0)
        return TALLY_OK; /* main has seen it */
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        j->help = true;
        return TALLY_OK;
    }
    if (word[0] == '-')
        return TALLY_FAIL(
            OPTION,
            "tally report has no option %s; it has --out, --format and --tensorboard",
            word);
    if (j->count == REPORT_RUNS_MOST)
        return TALLY_FAIL(OPTION, "tally report takes at most %d runs",
                          REPORT_RUNS_MOST);
    j->folders[j->count++] = word;
    return TALLY_OK;
}

static tally_status choose_style(const job *j, report_style *style)
{
    size_t n = j->out ? strlen(j->out) : 0;
    bool named = n > 3 && strcmp(j->out + n - 3, ".md") == 0;

    *style = named ? REPORT_MARKDOWN : REPORT_HTML;
    if (!j->format) return TALLY_OK;
    *style = strcmp(j->format, "markdown") == 0 ? REPORT_MARKDOWN : REPORT_HTML;
    if (*style == REPORT_HTML && strcmp(j->format, "html") != 0)
        return TALLY_FAIL(OPTION, "tally report: format=%s is not one of html|markdown",
                          j->format);
    return TALLY_OK;
}

/* ---- names ---- */

enum { SHOWN = 14 }; /* characters of a label */

static bool is_shared(const report_page *p, size_t i, const char *label)
{
    for (size_t k = 0; k < p->count; k++)
        if (k != i && strcmp(p->runs[k].name, label) == 0) return true;
    return false;
}

static bool is_taken(const report_page *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(p->label[k], p->label[i]) == 0) return true;
    return false;
}

/* Runs of one name are told apart by their whole paths; those of one label by numbers.
 */
static void label_runs(report_page *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const report_run *r = &p->runs[i];
        char label[64];

        plot_shorten(is_shared(p, i, r->name) ? r->path : r->name, SHOWN, label,
                     sizeof label);
        snprintf(p->label[i], sizeof p->label[i], "%s", label);
        if (is_taken(p, i))
            snprintf(p->label[i], sizeof p->label[i], "%u: %s", (unsigned)i + 1, label);
    }
}

/* ---- reading and writing ---- */

/* Whether there is a gnuplot that draws: without one the page has tables. */
static tally_status find_gnuplot(report_page *p)
{
    report_text svg = {0};
    report_plot nothing = {.title = "", .description = "", .height = 100};

    if (p->sheet.style != REPORT_HTML) return TALLY_OK;
    report_add(&nothing.script, "plot 0\n");
    tally_status status = report_plot_draw(&nothing, &svg);
    report_text_close(&nothing.script);
    report_text_close(&svg);
    p->draws = status == TALLY_OK;
    if (status == TALLY_OK || status == TALLY_MEMORY) return status;
    fprintf(stderr, "tally: %s; the report has tables alone\n", tally_error_sentence());
    tally_error_clear();
    return TALLY_OK;
}

static bool is_of_run(const struct stat *facts, const char *folder)
{
    static const char *const names[] = {"manifest.json", "metrics.jsonl"};
    char path[TALLY_PATH_MOST];
    struct stat of;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, names[i]);

        if (n > 0 && (size_t)n < sizeof path && stat(path, &of) == 0 &&
            of.st_dev == facts->st_dev && of.st_ino == facts->st_ino)
            return true;
    }
    return false;
}

/* A new file takes the place of an old one; it must not take that of /dev/null, nor of
 * what it tells of. */
static tally_status check_place(const job *j)
{
    struct stat facts;

    if (stat(j->out, &facts) != 0) return TALLY_OK;
    if (!S_ISREG(facts.st_mode))
        return TALLY_FAIL(FILE, "cannot write the report to %s: it is %s", j->out,
                          S_ISDIR(facts.st_mode) ? "a directory"
                                                 : "not a regular file");
    for (size_t i = 0; i < j->count; i++)
        if (is_of_run(&facts, j->folders[i]))
            return TALLY_FAIL(
                FILE, "cannot write the report to %s: the run %s needs that file",
                j->out, j->folders[i]);
    return TALLY_OK;
}

static tally_status put(const job *j, const report_text *text)
{
    if (j->out) return tally_file_replace(j->out, text->at, text->used);
    fwrite(text->at, 1, text->used, stdout); /* main asks whether it went well */
    return TALLY_OK;
}

static void leave_out(report_page *p)
{
    const char *reason = tally_error_sentence();

    fprintf(stderr, "tally: %s; the report leaves it out\n", reason);
    report_add(&p->reasons, "%s%s", p->left_out++ ? "; " : "", reason);
    report_run_close(&p->runs[p->count]);
    tally_error_clear();
}

/* One folder that cannot be read costs no other its place; it is the failure of the
 * last one when none can. */
static tally_status read_runs(const job *j, report_page *p)
{
    for (size_t i = 0; i < j->count; i++) {
        tally_status status = report_run_open(&p->runs[p->count], j->folders[i]);

        if (status == TALLY_OK)
            p->count++;
        else if (status == TALLY_MEMORY || (p->count == 0 && i + 1 == j->count))
            return status;
        else
            leave_out(p);
    }
    return report_text_check(&p->reasons);
}

/* DIR/RUN; runs of one name, and of none ("..") are told apart by numbers. */
static tally_status name_events(const job *j, const report_page *p, size_t i,
                                char folder[TALLY_PATH_MOST])
{
    const char *name = p->runs[i].name;

    if (strspn(name, "./") == strlen(name))
        return tally_path(folder, "%s/%zu", j->tensorboard, i + 1);
    if (is_shared(p, i, name))
        return tally_path(folder, "%s/%zu-%s", j->tensorboard, i + 1, name);
    return tally_path(folder, "%s/%s", j->tensorboard, name);
}

static tally_status write_events(const job *j, report_page *p)
{
    char folder[TALLY_PATH_MOST];

    if (j->out || j->format)
        return TALLY_FAIL(OPTION, "tally report --tensorboard writes no page, so --out "
                                  "and --format have no meaning");
    TALLY_TRY(read_runs(j, p));
    for (size_t i = 0; i < p->count; i++) {
        TALLY_TRY(name_events(j, p, i, folder));
        TALLY_TRY(report_events_write(&p->runs[i], folder));
    }
    return TALLY_OK;
}

static tally_status write_report(const job *j, report_page *p)
{
    TALLY_TRY(choose_style(j, &p->sheet.style));
    if (j->out) TALLY_TRY(check_place(j));
    TALLY_TRY(read_runs(j, p));
    label_runs(p);
    report_choose_colours(p);
    TALLY_TRY(find_gnuplot(p));
    TALLY_TRY(report_page_write(p));
    return put(j, &p->sheet.text);
}

static tally_status run_report(cli_failure *failure, int count, char *const *words)
{
    (void)failure;
    job j = {0};
    report_run runs[REPORT_RUNS_MOST] = {0};
    report_page page = {.runs = runs};

    for (int i = 0; i < count; i++)
        TALLY_TRY(read_word(&j, count, words, &i));
    if (j.help) {
        fputs(usage, stdout);
        return TALLY_OK;
    }
    if (j.count == 0)
        return TALLY_FAIL(OPTION, "tally report needs a run folder; tally report "
                                  "--help says more");
    tally_status status =
        j.tensorboard ? write_events(&j, &page) : write_report(&j, &page);
    for (size_t i = 0; i < j.count; i++)
        report_run_close(&runs[i]);
    report_text_close(&page.sheet.text);
    report_text_close(&page.reasons);
    return status;
}

const cli_command cli_report = {"report", "a page about runs: pictures and tables",
                                run_report};

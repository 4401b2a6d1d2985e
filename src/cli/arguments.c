/* arguments.c — words of a command line and lines of a run file, as settings of a run.
 *
 *     tally train run.ini --rule adam --rule.beta2=0.99     rule = adam
 *                                                           rule.beta2 = 0.99
 *
 * One grammar in both places; the command line wins over the file wherever it stands.
 * The file is read by inih: a line is at most 197 characters long, comments start with
 * '#' or ';', and there are no sections. */

#include "cli/arguments.h"

#include "base/text.h"
#include "run/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    FILE *file;
    const char *path;
    int line; /* the one read last, from 1 */
    tally_run *run;
    tally_status status; /* of the first line that failed; reading ends there */
} reader;

/* One line for inih, without leading blanks: it would take an indented line for the
 * rest of the value above. */
static char *read_line(char *text, int most, void *stream)
{
    reader *r = stream;
    size_t blanks = 0, length;

    if (r->status || !fgets(text, most, r->file)) return NULL;
    r->line++;
    length = strlen(text);
    if (length + 1 == (size_t)most && text[length - 1] != '\n') {
        r->status = TALLY_FAIL(FORMAT, "%s:%d: the line is longer than %d characters",
                               r->path, r->line, most - 3);
        return NULL;
    }
    while (isspace((unsigned char)text[blanks]))
        blanks++;
    memmove(text, text + blanks, length - blanks + 1);
    return text;
}

static tally_status set_pair(reader *r, const char *section, const char *name,
                             const char *value)
{
    char where[512];

    snprintf(where, sizeof where, "%s:%d", r->path, r->line);
    if (section[0])
        return TALLY_FAIL(
            OPTION,
            "%s: run files have no sections such as [%s]: write rule.beta "
            "= 0.9 for a key of a family",
            where, section);
    TALLY_TRY(tally_config_from(r->run, TALLY_FROM_FILE, where));
    TALLY_TRY(tally_run_set(r->run, name, value));
    return TALLY_OK;
}

/* inih ends a value at " ;"; a '#' after a blank begins a comment just as well. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    reader *r = user;
    char text[512];
    size_t n = strlen(value);

    if (n >= sizeof text) n = sizeof text - 1; /* a line has less */
    for (size_t i = 1; i < n; i++)
        if (value[i] == '#' && strchr(" \t", value[i - 1])) n = i;
    while (n > 0 && strchr(" \t", value[n - 1]))
        n--;
    memcpy(text, value, n);
    text[n] = '\0';
    if (!r->status) r->status = set_pair(r, section, name, text);
    return 1;
}

tally_status cli_arguments_read_file(const char *path, tally_run *run)
{
    reader r = {.path = path, .run = run};
    int wrong, failed, why;

    r.file = fopen(path, "r");
    if (!r.file) return TALLY_FAIL(FILE, "cannot open %s: %s", path, strerror(errno));
    wrong = ini_parse_stream(read_line, &r, on_pair, &r);
    failed = ferror(r.file);
    why = errno;
    fclose(r.file);
    if (failed) return TALLY_FAIL(FILE, "cannot read %s: %s", path, strerror(why));
    if (r.status) return r.status;
    if (wrong > 0)
        return TALLY_FAIL(FORMAT, "%s:%d: the line is not name = value", path, wrong);
    TALLY_TRY(tally_config_from(run, TALLY_FROM_COMMAND, NULL));
    return TALLY_OK;
}

static const cli_flag *own_flag(const cli_grammar *g, const char *name)
{
    for (const cli_flag *f = g->flags; f->name; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

/* No such flag: the nearest of the command's own and of the run's options. */
static tally_status unknown(const cli_grammar *g, const char *name, const char *nearest)
{
    char near[64];

    for (const cli_flag *f = g->flags; f->name; f++)
        tally_text_nearer(name, f->name, &nearest);
    if (!nearest) return TALLY_FAIL(OPTION, "%s has no option --%s", g->command, name);
    snprintf(near, sizeof near, "%s", nearest);
    for (char *p = near; *p; p++)
        if (*p == '_') *p = '-';
    return TALLY_FAIL(OPTION, "%s has no option --%s; did you mean --%s?", g->command,
                      name, near);
}

/* The value of --name: what follows '=', else the next word. */
static const char *value_of(const char *equals, int count, char *const *words, int *at)
{
    if (equals) return equals + 1;
    if (*at + 1 >= count || strncmp(words[*at + 1], "--", 2) == 0) return NULL;
    return words[++*at];
}

static tally_status keep_text(const cli_flag *flag, const char *value)
{
    size_t i = 0;

    if (flag->most == 0) {
        *flag->text = value;
        return TALLY_OK;
    }
    while (i < flag->most && flag->text[i])
        i++;
    if (i == flag->most)
        return TALLY_FAIL(OPTION, "--%s is given more than %zu times", flag->name,
                          flag->most);
    flag->text[i] = value;
    return TALLY_OK;
}

/* -h is --help; there is no other short flag. */
static bool asks_for_help(const cli_grammar *g, const char *word)
{
    const cli_flag *flag = own_flag(g, "help");

    if (strcmp(word, "-h") != 0 || !flag || !flag->set) return false;
    *flag->set = true;
    return true;
}

static tally_status read_option(const cli_grammar *g, int count, char *const *words,
                                int *at, tally_run *run)
{
    const char *word = words[*at] + 2, *equals = strchr(word, '='), *nearest = NULL;
    char name[64];
    const cli_flag *flag;
    const char *value;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    flag = own_flag(g, name);
    if (flag && flag->set) *flag->set = true;
    if (flag && !flag->text)
        return equals ? TALLY_FAIL(OPTION, "--%s takes no value", name) : TALLY_OK;
    if (!flag && !tally_config_knows(name, &nearest)) return unknown(g, name, nearest);
    if (!flag && g->takes && !g->takes(name))
        return TALLY_FAIL(OPTION, "%s does not use --%s", g->command, name);
    value = value_of(equals, count, words, at);
    if (!value || (flag && !*value))
        return TALLY_FAIL(OPTION, "--%s needs a value", name);
    if (flag)
        TALLY_TRY(keep_text(flag, value));
    else
        TALLY_TRY(tally_run_set(run, name, value));
    return TALLY_OK;
}

tally_status cli_arguments_read(const cli_grammar *grammar, int count,
                                char *const *words, tally_run *run)
{
    bool file = false;

    for (int i = 0; i < count; i++) {
        if (strncmp(words[i], "--", 2) == 0 && words[i][2]) {
            TALLY_TRY(read_option(grammar, count, words, &i, run));
        } else if (asks_for_help(grammar, words[i])) {
            continue;
        } else if (words[i][0] == '-') {
            return TALLY_FAIL(OPTION, "%s does not know %s; its flags begin with --",
                              grammar->command, words[i]);
        } else if (!grammar->file) {
            return TALLY_FAIL(OPTION, "%s takes flags alone, not %s", grammar->command,
                              words[i]);
        } else if (file) {
            return TALLY_FAIL(OPTION, "%s takes one run file; %s is a second",
                              grammar->command, words[i]);
        } else {
            TALLY_TRY(cli_arguments_read_file(words[i], run));
            file = true;
        }
    }
    return TALLY_OK;
}

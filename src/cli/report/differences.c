/* differences.c — the options in which runs differ, key by key: comm.ranks.
 *
 * A column for each run; when there are many runs, a row. */

#include "cli/report/options.h"
#include "cli/report/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIFFERENCES_MOST = 48, DIFFERENCE_ROOM = 256, RUNS_ACROSS = 4 };

/* The value of an option, or of a key of its text. */
typedef struct difference {
    const char *option;
    char key[OPTION_WORD]; /* "": all of the text, short enough */
    bool unshortened;
} difference;

typedef struct differences {
    const report_page *page;
    size_t count;
    difference at[DIFFERENCES_MOST];
} differences;

/* What all runs of one member share is left out: of "gather:form=auto,bucket=4" and a
 * vote, "gather". */
static void shorten(const report_page *p, const char *option, const char *text,
                    char room[DIFFERENCE_ROOM])
{
    size_t used = strcspn(text, ":");
    const char *at = text;
    option_pair pair;
    char other[OPTION_WORD];

    used = (size_t)snprintf(room, DIFFERENCE_ROOM, "%.*s", (int)used, text);
    while (option_next(&at, &pair) && used < DIFFERENCE_ROOM) {
        bool shared = true;

        for (size_t run = 0; run < p->count && shared; run++) {
            const char *theirs = report_run_option(&p->runs[run], option);

            if (!option_same_member(text, theirs)) continue;
            option_value(theirs, pair.key, other);
            shared = strcmp(other, pair.value) == 0;
        }
        if (shared) continue;
        used += (size_t)snprintf(room + used, DIFFERENCE_ROOM - used, "%c%s=%s",
                                 strchr(room, ':') ? ',' : ':', pair.key, pair.value);
    }
}

static const char *value_of(const differences *d, const difference *of, size_t run,
                            char room[DIFFERENCE_ROOM])
{
    const char *text = report_run_option(&d->page->runs[run], of->option);

    if (of->unshortened || !strchr(text, ':')) return text;
    if (!*of->key) {
        shorten(d->page, of->option, text, room);
        return room;
    }
    option_value(text, of->key, room);
    return room;
}

static bool differs(const differences *d, const difference *of)
{
    char first[DIFFERENCE_ROOM], other[DIFFERENCE_ROOM];
    const char *value = value_of(d, of, 0, first);

    for (size_t run = 1; run < d->page->count; run++)
        if (strcmp(value, value_of(d, of, run, other)) != 0) return true;
    return false;
}

/* Whether it did. */
static bool add(differences *d, const difference *of)
{
    if (d->count == DIFFERENCES_MOST || !differs(d, of)) return false;
    d->at[d->count++] = *of;
    return true;
}

static bool share_a_member(const differences *d, const char *option)
{
    const char *first = report_run_option(&d->page->runs[0], option);

    for (size_t run = 1; run < d->page->count; run++)
        if (!option_same_member(first, report_run_option(&d->page->runs[run], option)))
            return false;
    return strchr(first, ':') != NULL;
}

static void compare(differences *d, const char *option)
{
    const char *text = report_run_option(&d->page->runs[0], option);
    size_t before = d->count;
    difference whole = {.option = option};
    option_pair pair;

    while (share_a_member(d, option) && option_next(&text, &pair)) {
        difference of = {.option = option};

        snprintf(of.key, sizeof of.key, "%s", pair.key);
        add(d, &of);
    }
    if (d->count > before || add(d, &whole)) return;
    whole.unshortened = true; /* keys of one run alone, or no keys at all */
    add(d, &whole);
}

/* Whether a run before this one has the option, which was compared then. */
static bool was_seen(const report_page *p, size_t run, const char *option)
{
    for (size_t i = 0; i < run; i++)
        if (json_object_get(p->runs[i].options, option)) return true;
    return false;
}

static void collect(differences *d)
{
    const char *name;
    json_t *value;

    for (size_t run = 0; run < d->page->count; run++)
        json_object_foreach(d->page->runs[run].options, name, value)
        {
            if (strcmp(name, "out") != 0 && !was_seen(d->page, run, name))
                compare(d, name);
        }
}

static void name_difference(const difference *of, char *to, size_t room)
{
    snprintf(to, room, "%s%s%s", of->option, *of->key ? "." : "", of->key);
}

static const char caption[] =
    "Options in which the runs differ, but for what all runs of a member share";

static void write_across(report_sheet *s, const differences *d)
{
    const char *heads[1 + RUNS_ACROSS] = {"option"};
    char name[2 * OPTION_WORD], room[DIFFERENCE_ROOM];

    for (size_t run = 0; run < d->page->count; run++)
        heads[1 + run] = d->page->label[run];
    sheet_table_begin(s, false, caption, 1 + d->page->count, heads);
    for (size_t i = 0; i < d->count; i++) {
        name_difference(&d->at[i], name, sizeof name);
        sheet_words(s, name);
        for (size_t run = 0; run < d->page->count; run++)
            sheet_words(s, value_of(d, &d->at[i], run, room));
    }
    sheet_table_end(s);
}

static void write_down(report_sheet *s, const differences *d)
{
    const char *heads[1 + DIFFERENCES_MOST] = {"run"};
    char names[DIFFERENCES_MOST][2 * OPTION_WORD], room[DIFFERENCE_ROOM];

    for (size_t i = 0; i < d->count; i++) {
        name_difference(&d->at[i], names[i], sizeof names[i]);
        heads[1 + i] = names[i];
    }
    sheet_table_begin(s, false, caption, 1 + d->count, heads);
    for (size_t run = 0; run < d->page->count; run++) {
        sheet_words(s, d->page->label[run]);
        for (size_t i = 0; i < d->count; i++)
            sheet_words(s, value_of(d, &d->at[i], run, room));
    }
    sheet_table_end(s);
}

tally_status report_write_differences(report_page *p)
{
    differences *d = calloc(1, sizeof *d);

    if (!d) return TALLY_FAIL(MEMORY, "no memory to compare the runs");
    d->page = p;
    collect(d);
    if (d->count) sheet_part(&p->sheet, "What differs");
    if (d->count && p->count <= RUNS_ACROSS) write_across(&p->sheet, d);
    if (d->count && p->count > RUNS_ACROSS) write_down(&p->sheet, d);
    free(d);
    return TALLY_OK;
}

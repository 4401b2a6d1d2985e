/* colours.c — which colour a run has.
 *
 * Up to eight runs have one each.  More are coloured by what tells them apart: how
 * ranks agree, or else the first option of two to eight values. */

#include "cli/report/page.h"
#include "cli/report/plot.h"

#include <stdio.h>
#include <string.h>

/* How ranks agree (option is NULL), or an option's text. */
static void add_feature(const report_run *r, const char *option, report_text *text)
{
    if (option)
        report_add(text, "%s %s", option, report_run_option(r, option));
    else
        report_add_method(r, text);
}

static bool is_group(const report_page *p, size_t group, const char *option,
                     const char *feature)
{
    report_text first = {0};

    add_feature(&p->runs[p->leader[group]], option, &first);
    bool same = strcmp(first.at ? first.at : "", feature) == 0;
    report_text_close(&first);
    return same;
}

/* False: it has one value alone, or too many. */
static bool group_by(report_page *p, const char *option)
{
    p->groups = 0;
    for (size_t k = 0; k < p->count; k++) {
        report_text feature = {0};
        size_t g = 0;

        add_feature(&p->runs[k], option, &feature);
        const char *words = feature.at ? feature.at : "";
        while (g < p->groups && !is_group(p, g, option, words))
            g++;
        if (g < PLOT_RUNS && g == p->groups) {
            plot_shorten(words, 40, p->group[g], sizeof p->group[g]);
            p->leader[p->groups++] = k;
        }
        report_text_close(&feature);
        if (g == PLOT_RUNS) return false;
        p->colour[k] = PLOT_RUN + g;
    }
    return p->groups > 1;
}

static bool group_by_option(report_page *p)
{
    const char *name;
    json_t *value;

    json_object_foreach(p->runs[0].options, name, value)
    {
        if (strcmp(name, "out") != 0 && strcmp(name, "seed") != 0 && group_by(p, name))
            return true;
    }
    return false;
}

void report_choose_colours(report_page *p)
{
    if (p->count > PLOT_RUNS && (group_by(p, NULL) || group_by_option(p))) return;
    p->groups = 0;
    for (size_t k = 0; k < p->count; k++)
        p->colour[k] = PLOT_RUN + k % PLOT_RUNS;
}

void report_write_colours(report_page *p)
{
    const char *names[PLOT_RUNS];
    size_t colours[PLOT_RUNS];

    if (!p->draws || p->count <= PLOT_RUNS) return;
    sheet_say(&p->sheet, "%s  Point at a line to see which run it is.",
              p->groups ? "Runs of one colour are alike in what stands beside it."
                        : "Colours come again after eight runs.");
    for (size_t g = 0; g < p->groups; g++) {
        names[g] = p->group[g];
        colours[g] = PLOT_RUN + g;
    }
    if (p->groups) sheet_legend(&p->sheet, p->groups, colours, names);
}

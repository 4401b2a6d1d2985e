/* staleness.c — how stale the pushes of a server's workers were. */

#include "cli/report/page.h"

#include <math.h>
#include <string.h>

/* What is drawn. */
typedef struct histogram {
    size_t servers;
    uint64_t most;  /* the greatest staleness */
    double highest; /* pushes of one staleness; at least 1 */
} histogram;

/* A block of data for each server's run. */
static histogram add_staleness(const report_page *page, report_text *script,
                               report_text *text)
{
    histogram h = {.highest = 1};

    for (size_t k = 0; k < page->count; k++) {
        const report_run *r = &page->runs[k];
        bool first = true;

        for (size_t i = 0; i < r->entry_count; i++) {
            const report_entry *e = &r->entries[i];
            double pushes = plot_amount(e->value);

            if (strcmp(e->name, "server/staleness") != 0) continue;
            if (first) {
                report_add(script, "$r%zu << EOD\n", k);
                report_add(text, "%s:", page->label[k]);
            }
            first = false;
            if (e->index > h.most) h.most = e->index;
            h.highest = fmax(h.highest, pushes);
            report_add(script, "%llu %.10g\n", (unsigned long long)e->index, pushes);
            report_add(text, " %.10g of staleness %llu,", pushes,
                       (unsigned long long)e->index);
        }
        if (first) continue;
        report_add(script, "EOD\n");
        report_add(text, " and no more. ");
        h.servers++;
    }
    return h;
}

static void add_columns(const report_page *page, const histogram *h,
                        report_text *script)
{
    double width = 0.84 / (double)h->servers;
    size_t place = 0;

    report_add(
        script,
        "set lmargin at screen 0.19\nset rmargin at screen 0.96\n"
        "set tmargin at screen 0.95\nset bmargin at screen 0.2\n"
        "set xlabel 'staleness, in updates' offset 0, 0.4 tc rgb '#010101'\n"
        "set ylabel 'pushes' offset 1.5, 0 tc rgb '#010101'\n"
        "set xrange [-0.6:%.1f]\nset yrange [0:%.10g]\n"
        "set xtics %.10g\nset ytics %.10g\nset style fill solid 1 noborder\nset boxwidth %.6g\n",
        (double)h->most + 0.6, 1.05 * h->highest,
        fmax(1, plot_tick((double)h->most + 1, 8)), plot_tick(h->highest, 5), width);
    for (size_t k = 0; k < page->count; k++) {
        if (!report_run_has_entries(&page->runs[k], "server/staleness")) continue;
        report_add(script,
                   "%s$r%zu using ($1 + %.6g):2 with boxes lc rgb '%s' title '@%zu@'",
                   place ? ", " : "plot ", k,
                   width * ((double)place - ((double)h->servers - 1) / 2),
                   plot_colour(page->colour[k]), k);
        place++;
    }
    report_add(script, "\n");
}

static tally_status draw(report_page *page, const char *caption)
{
    const char *words[REPORT_RUNS_MOST];
    report_plot plot = {.title = "Pushes by staleness", .height = 270, .words = words};
    report_text text = {0};

    for (size_t k = 0; k < page->count; k++)
        words[k] = page->label[k];
    histogram h = add_staleness(page, &plot.script, &text);
    add_columns(page, &h, &plot.script);
    tally_status status = report_draw(page, &plot, &text, caption, "");
    report_text_close(&plot.script);
    report_text_close(&text);
    return status;
}

static void write(report_page *p)
{
    static const char *const heads[] = {"run", "#staleness", "#pushes"};

    sheet_tables_begin(&p->sheet);
    sheet_table_begin(&p->sheet, true, "Pushes by staleness", 3, heads);
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < p->runs[k].entry_count; i++) {
            const report_entry *e = &p->runs[k].entries[i];

            if (strcmp(e->name, "server/staleness") != 0) continue;
            sheet_words(&p->sheet, p->label[k]);
            sheet_number(&p->sheet, (double)e->index);
            sheet_number(&p->sheet, e->value);
        }
    sheet_table_end(&p->sheet);
    sheet_tables_end(&p->sheet);
}

/* The colours of the servers' runs. */
static void write_legend(report_page *p)
{
    const char *names[REPORT_RUNS_MOST];
    size_t colours[REPORT_RUNS_MOST], servers = 0;

    for (size_t k = 0; k < p->count; k++) {
        if (!report_run_has_entries(&p->runs[k], "server/staleness")) continue;
        names[servers] = p->label[k];
        colours[servers++] = p->colour[k];
    }
    sheet_legend(&p->sheet, servers, colours, names);
}

tally_status report_write_staleness(report_page *p)
{
    report_sheet *s = &p->sheet;
    bool any = false;

    for (size_t k = 0; k < p->count; k++)
        any = any || report_run_has_entries(&p->runs[k], "server/staleness");
    if (!any) return TALLY_OK;
    sheet_part(s, "Staleness");
    sheet_say(s,
              "How many updates the weights had gone through between being read by a "
              "worker and being moved by its gradient.");
    if (p->draws) {
        write_legend(p);
        sheet_pictures_begin(s);
        TALLY_TRY(draw(p, "Pushes by staleness"));
        sheet_pictures_end(s);
    }
    write(p);
    return TALLY_OK;
}

/* tensors.c — bytes by tensor and link, from the ledger of a run; where there is none,
 * in proportion to the weights. */

#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DRAWN = 24 };

static double weights_of(const report_run *r)
{
    double sum = 0;

    for (size_t i = 0; i < r->tensor_count; i++)
        sum += (double)r->tensors[i].weights;
    return sum;
}

/* ---- with a ledger ---- */

static const char *const links[] = {"same_node", "other_node"};
static const char *const link_names[] = {"same node", "other node"};
static const size_t link_colours[] = {PLOT_LINK, PLOT_LINK + 1};

enum { LINKS = sizeof links / sizeof *links };

static bool has_ledger(const report_run *r)
{
    return report_run_has_entries(r, "ledger/same_node/sent");
}

static double entry_of(const report_run *r, size_t link, const char *figure, size_t t)
{
    char name[64];
    double value;

    snprintf(name, sizeof name, "ledger/%s/%s", links[link], figure);
    return report_run_entry(r, name, t, &value) ? value : 0;
}

/* One rank has a ledger of zeros. */
static bool has_bytes(const report_run *r)
{
    for (size_t i = 0; i < r->tensor_count; i++)
        for (size_t k = 0; k < LINKS; k++)
            if (entry_of(r, k, "predicted", i) + entry_of(r, k, "sent", i) > 0)
                return true;
    return false;
}

static tally_status draw_ledger(report_page *p, const report_run *r, const char *label)
{
    char caption[192];
    const char *labels[DRAWN];
    double value[DRAWN * LINKS], sum = 0;
    report_bars bars = {.title = "Megabytes sent about each tensor",
                        .axis = "megabytes sent by all ranks in all steps",
                        .parts = LINKS,
                        .labels = labels,
                        .names = link_names,
                        .colours = link_colours,
                        .value = value};

    for (size_t i = 0; i < r->tensor_count && i < DRAWN; i++, bars.rows++) {
        labels[i] = r->tensors[i].name;
        for (size_t k = 0; k < LINKS; k++)
            sum += value[i * LINKS + k] = 1e-6 * entry_of(r, k, "sent", i);
    }
    if (sum <= 0) return TALLY_OK;
    snprintf(caption, sizeof caption, "%s: megabytes by tensor and link%s", label,
             r->tensor_count > DRAWN ? " (the first 24)" : "");
    return report_draw_bars(p, &bars, caption);
}

static void write_ledger(report_page *p, const report_run *r, const char *label)
{
    static const char *const heads[] = {"tensor",   "link",       "#logical",
                                        "#encoded", "#predicted", "#sent"};
    static const char *const figures[] = {"logical", "encoded", "predicted", "sent"};
    char caption[96];

    snprintf(caption, sizeof caption, "Ledger of %s", label);
    sheet_table_begin(&p->sheet, true, caption, 6, heads);
    for (size_t i = 0; i < r->tensor_count; i++)
        for (size_t k = 0; k < LINKS; k++) {
            if (entry_of(r, k, "predicted", i) + entry_of(r, k, "sent", i) <= 0)
                continue;
            sheet_words(&p->sheet, r->tensors[i].name);
            sheet_words(&p->sheet, link_names[k]);
            for (size_t f = 0; f < sizeof figures / sizeof *figures; f++)
                sheet_number(&p->sheet, entry_of(r, k, figures[f], i));
        }
    sheet_table_end(&p->sheet);
}

/* ---- without ---- */

static tally_status draw_shares(report_page *p, size_t run)
{
    static const char *const name[] = {"share"};
    const report_run *r = &p->runs[run];
    char caption[192];
    const char *labels[DRAWN];
    double value[DRAWN], all = weights_of(r);
    report_bars bars = {.title = "Share of the weights, by tensor",
                        .axis = "percent of the weights",
                        .parts = 1,
                        .labels = labels,
                        .names = name,
                        .colours = &p->colour[run],
                        .value = value};

    for (size_t i = 0; i < r->tensor_count && i < DRAWN; i++) {
        labels[i] = r->tensors[i].name;
        value[i] = 100 * (double)r->tensors[i].weights / all;
        bars.rows++;
    }
    if (bars.rows == 0 || all <= 0) return TALLY_OK;
    snprintf(caption, sizeof caption, "%s: percent of the weights, by tensor%s",
             p->label[run], r->tensor_count > DRAWN ? " (the first 24)" : "");
    return report_draw_bars(p, &bars, caption);
}

static void write_shares(report_page *p, const report_run *r, const char *label)
{
    static const char *const heads[] = {"tensor", "shape", "#weights",
                                        "#percent of the weights",
                                        "#bytes a step in proportion"};
    double bytes = report_run_per_step(r, "exchange/bytes_sent"), all = weights_of(r);
    bool estimates = !has_ledger(r);
    char caption[96];

    snprintf(caption, sizeof caption, "Tensors of %s", label);
    sheet_table_begin(&p->sheet, true, caption, estimates ? 5 : 4, heads);
    for (size_t i = 0; i < r->tensor_count; i++) {
        double share = all > 0 ? (double)r->tensors[i].weights / all : 0;

        sheet_words(&p->sheet, r->tensors[i].name);
        sheet_words(&p->sheet, r->tensors[i].shape);
        sheet_number(&p->sheet, (double)r->tensors[i].weights);
        sheet_number(&p->sheet, 100 * share);
        if (!estimates) continue;
        if (isnan(bytes))
            sheet_no_cell(&p->sheet);
        else
            sheet_number(&p->sheet, bytes * share);
    }
    sheet_table_end(&p->sheet);
}

/* The pictures of all runs, and what the colours of links are. */
static tally_status draw(report_page *p)
{
    bool ledgers = false;

    if (!p->draws) return TALLY_OK;
    if (p->count > REPORT_DRAWN_MOST) {
        sheet_say(&p->sheet, "So many runs have tables alone.");
        return TALLY_OK;
    }
    for (size_t k = 0; k < p->count; k++)
        ledgers = ledgers || has_ledger(&p->runs[k]);
    if (ledgers) sheet_legend(&p->sheet, LINKS, link_colours, link_names);
    sheet_pictures_begin(&p->sheet);
    for (size_t k = 0; k < p->count; k++)
        TALLY_TRY(has_ledger(&p->runs[k]) ? draw_ledger(p, &p->runs[k], p->label[k])
                                          : draw_shares(p, k));
    sheet_pictures_end(&p->sheet);
    return TALLY_OK;
}

tally_status report_write_tensors(report_page *p)
{
    report_sheet *s = &p->sheet;

    sheet_section(s, "bytes", "Bytes by tensor and link");
    sheet_say(
        s, "The ledger: bytes that all ranks sent about each tensor, in all steps of "
           "processes that ended, to ranks of the same node and of others. Logical: as "
           "values in memory; encoded: in the code of the exchange; predicted by the "
           "exchange; sent: counted. Without one (another trainer, a run that has not "
           "ended) the bytes of rank 0 in a step are divided in proportion to the "
           "weights. A run folder holds none by pairs of ranks.");
    for (size_t k = 0; k < p->count; k++)
        if (*p->runs[k].note)
            sheet_say(s, "%s has no tensors: %s.", p->label[k], p->runs[k].note);
    TALLY_TRY(draw(p));
    sheet_tables_begin(s);
    for (size_t k = 0; k < p->count; k++) {
        if (!p->runs[k].tensor_count) continue;
        if (has_bytes(&p->runs[k])) write_ledger(p, &p->runs[k], p->label[k]);
        write_shares(p, &p->runs[k], p->label[k]);
    }
    sheet_tables_end(s);
    return TALLY_OK;
}

/* ranks.c — where the time of the steps went, on rank 0 and on each rank; who sent how
 * much; how stale the pushes of workers were.
 *
 * Ranks from RANKS_MOST on, which no run has, are left out. */

#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 3, RANKS_DRAWN = 16, RANKS_MOST = 1 << 16, COLUMNS = 6 };

static const char *const parts[PARTS] = {"gradient/seconds", "exchange/seconds",
                                         "apply/seconds"};

static const char *const part_names[PARTS] = {"gradient", "exchange", "apply"};

/* What the metrics hold of a rank. */
static const char *const columns[COLUMNS] = {
    "gradient/seconds", "exchange/seconds",    "apply/seconds",
    "server/pushes",    "exchange/bytes_sent", "exchange/bytes_away"};

static double zero_for_none(double x)
{
    return isfinite(x) ? x : 0;
}

/* ---- rank 0 of each run ---- */

static tally_status draw_runs(report_page *p)
{
    const char *labels[REPORT_RUNS_MOST];
    double value[REPORT_RUNS_MOST * PARTS];
    report_bars bars = {.title = "Where the time of a step went",
                        .axis = "milliseconds a step",
                        .parts = PARTS,
                        .labels = labels,
                        .names = part_names,
                        .value = value};

    for (size_t k = 0; k < p->count; k++) {
        if (isnan(report_run_per_step(&p->runs[k], parts[0]))) continue;
        for (size_t i = 0; i < PARTS; i++)
            value[bars.rows * PARTS + i] =
                1000 * zero_for_none(report_run_per_step(&p->runs[k], parts[i]));
        labels[bars.rows++] = p->label[k];
    }
    if (bars.rows == 0) return TALLY_OK;
    sheet_legend(&p->sheet, PARTS, part_names);
    sheet_pictures_begin(&p->sheet);
    TALLY_TRY(report_draw_bars(p, &bars, "Milliseconds a step, on rank 0 of each run"));
    sheet_pictures_end(&p->sheet);
    return TALLY_OK;
}

static void write_runs(report_page *p)
{
    static const char *const heads[] = {"run", "#seconds", "#gradient/seconds",
                                        "#exchange/seconds", "#apply/seconds"};

    sheet_table_begin(&p->sheet, true, "Seconds of rank 0, of each run", 2 + PARTS,
                      heads);
    for (size_t k = 0; k < p->count; k++) {
        const report_run *r = &p->runs[k];

        sheet_words(&p->sheet, p->label[k]);
        sheet_number(&p->sheet, report_run_last(r, "train/seconds"));
        for (size_t i = 0; i < PARTS; i++) {
            if (report_run_column(r, parts[i]))
                sheet_number(&p->sheet, report_run_last(r, parts[i]));
            else
                sheet_no_cell(&p->sheet);
        }
    }
    sheet_table_end(&p->sheet);
}

/* ---- every rank of a run ---- */

/* Whether a rank told something at the end. */
static bool told(const report_run *r, uint64_t rank)
{
    double value;

    for (size_t i = 0; i < COLUMNS; i++)
        if (report_run_entry(r, columns[i], rank, &value)) return true;
    return false;
}

static uint64_t ranks_of(const report_run *r)
{
    uint64_t ranks = 0;

    for (size_t i = 0; i < r->entry_count; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            if (r->entries[i].index >= ranks && r->entries[i].index < RANKS_MOST &&
                strcmp(r->entries[i].name, columns[c]) == 0)
                ranks = r->entries[i].index + 1;
    return ranks;
}

/* The first ranks that told something, at most RANKS_DRAWN. */
typedef struct crew {
    const report_run *run;
    uint64_t rank[RANKS_DRAWN];
    char label[RANKS_DRAWN][32];
    const char *labels[RANKS_DRAWN];
    size_t count;
} crew;

static void gather(crew *c, const report_run *r)
{
    uint64_t ranks = ranks_of(r);

    *c = (crew){.run = r};
    for (uint64_t rank = 0; rank < ranks && c->count < RANKS_DRAWN; rank++) {
        if (!told(r, rank)) continue;
        c->rank[c->count] = rank;
        snprintf(c->label[c->count], sizeof *c->label, "rank %llu",
                 (unsigned long long)rank);
        c->labels[c->count] = c->label[c->count];
        c->count++;
    }
}

/* `names`: metrics of a rank, stacked, `scale` times. */
static tally_status draw_crew(report_page *p, const crew *c, report_bars bars,
                              const char *const *names, double scale,
                              const char *caption)
{
    double value[RANKS_DRAWN * PARTS], sum = 0;

    bars.rows = c->count;
    bars.labels = c->labels;
    bars.value = value;
    for (size_t row = 0; row < c->count; row++)
        for (size_t i = 0; i < bars.parts; i++) {
            double *v = &value[row * bars.parts + i];

            if (!report_run_entry(c->run, names[i], c->rank[row], v)) *v = 0;
            *v = scale * zero_for_none(*v);
            sum += *v;
        }
    return sum > 0 ? report_draw_bars(p, &bars, caption) : TALLY_OK;
}

static tally_status draw_ranks(report_page *p, const report_run *r)
{
    static const char *const sent[] = {"exchange/bytes_sent"}, *const name[] = {"sent"};
    crew c;

    gather(&c, r);
    sheet_pictures_begin(&p->sheet);
    TALLY_TRY(draw_crew(p, &c,
                        (report_bars){.title = "Seconds of each rank",
                                      .axis = "seconds of all steps",
                                      .parts = PARTS,
                                      .names = part_names},
                        parts, 1, "Seconds of all steps, by rank"));
    TALLY_TRY(draw_crew(p, &c,
                        (report_bars){.title = "Megabytes sent by each rank",
                                      .axis = "megabytes sent in all steps",
                                      .parts = 1,
                                      .names = name},
                        sent, 1e-6, "Megabytes sent by the exchange, by rank"));
    sheet_pictures_end(&p->sheet);
    return TALLY_OK;
}

static void write_ranks(report_page *p, const report_run *r, const char *label)
{
    static const char *const heads[] = {"rank",
                                        "#gradient/seconds",
                                        "#exchange/seconds",
                                        "#apply/seconds",
                                        "#server/pushes",
                                        "#exchange/bytes_sent",
                                        "#exchange/bytes_away"};
    uint64_t ranks = ranks_of(r);
    char words[64], caption[96];

    snprintf(caption, sizeof caption, "Ranks of %s", label);
    sheet_table_begin(&p->sheet, true, caption, 1 + COLUMNS, heads);
    for (uint64_t rank = 0; rank < ranks; rank++) {
        if (!told(r, rank)) continue;
        snprintf(words, sizeof words, "%llu", (unsigned long long)rank);
        sheet_words(&p->sheet, words);
        for (size_t i = 0; i < COLUMNS; i++) {
            double value;

            if (report_run_entry(r, columns[i], rank, &value))
                sheet_number(&p->sheet, value);
            else
                sheet_no_cell(&p->sheet);
        }
    }
    sheet_table_end(&p->sheet);
}

/* ---- staleness ---- */

static void write_staleness(report_page *p)
{
    static const char *const heads[] = {"run", "#staleness", "#pushes"};

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
}

static tally_status write_servers(report_page *p)
{
    const char *names[REPORT_RUNS_MOST];
    size_t servers = 0;

    for (size_t k = 0; k < p->count; k++) {
        bool stale = report_run_has_entries(&p->runs[k], "server/staleness");

        names[k] = stale ? p->label[k] : NULL;
        servers += names[k] != NULL;
    }
    if (servers == 0) return TALLY_OK;
    sheet_part(&p->sheet, "Staleness");
    sheet_say(&p->sheet, "How many updates the weights had gone through between being "
                         "read by a worker and being moved by its gradient.");
    sheet_legend(&p->sheet, p->count, names);
    sheet_pictures_begin(&p->sheet);
    TALLY_TRY(report_draw_staleness(p, "Pushes by staleness"));
    sheet_pictures_end(&p->sheet);
    write_staleness(p);
    return TALLY_OK;
}

tally_status report_write_ranks(report_page *p)
{
    report_sheet *s = &p->sheet;

    sheet_section(s, "time", "Where the time went");
    sheet_say(s,
              "Gradient: computing it. Exchange: turned to the other ranks without "
              "computing (encode, send, wait, decode; of a server's workers, waiting "
              "for replies). Apply: moving weights.");
    TALLY_TRY(draw_runs(p));
    write_runs(p);
    for (size_t k = 0; k < p->count; k++) {
        if (ranks_of(&p->runs[k]) < 2) continue;
        char title[128];

        snprintf(title, sizeof title, "Ranks of %s", p->label[k]);
        sheet_part(s, title);
        TALLY_TRY(draw_ranks(p, &p->runs[k]));
        write_ranks(p, &p->runs[k], p->label[k]);
    }
    return write_servers(p);
}

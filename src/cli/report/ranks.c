/* ranks.c — every rank of each run: where its time went, and how much it sent.
 *
 * Ranks from RANKS_MOST on, which no run has, are left out. */

#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS_DRAWN = 16, RANKS_MOST = 1 << 16, COLUMNS = REPORT_PARTS + 3 };

/* What the metrics hold of a rank, beside the parts of its steps. */
static const char *const others[] = {"server/pushes", "exchange/bytes_sent",
                                     "exchange/bytes_away"};

static const char *column(size_t i)
{
    return i < REPORT_PARTS ? report_part_metrics[i] : others[i - REPORT_PARTS];
}

/* Whether a rank told something at the end. */
static bool told(const report_run *r, uint64_t rank)
{
    double value;

    for (size_t i = 0; i < COLUMNS; i++)
        if (report_run_entry(r, column(i), rank, &value)) return true;
    return false;
}

static uint64_t ranks_of(const report_run *r)
{
    uint64_t ranks = 0;

    for (size_t i = 0; i < r->entry_count; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            if (r->entries[i].index >= ranks && r->entries[i].index < RANKS_MOST &&
                strcmp(r->entries[i].name, column(c)) == 0)
                ranks = r->entries[i].index + 1;
    return ranks;
}

/* ---- pictures ---- */

/* The ranks of a picture: those that told something; of more than RANKS_DRAWN those
 * that computed longest, for whom the others wait. */
typedef struct crew {
    const report_run *run;
    uint64_t rank[RANKS_DRAWN];
    char label[RANKS_DRAWN][32];
    const char *labels[RANKS_DRAWN];
    size_t count;
    bool all;
} crew;

typedef struct worker {
    uint64_t rank;
    double seconds; /* of computing gradients */
} worker;

static int by_seconds(const void *a, const void *b)
{
    const worker *x = a, *y = b;

    if (x->seconds < y->seconds || x->seconds > y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_rank(const void *a, const void *b)
{
    const worker *x = a, *y = b;

    return (x->rank > y->rank) - (x->rank < y->rank);
}

static tally_status gather(crew *c, const report_run *r)
{
    uint64_t ranks = ranks_of(r);
    worker *workers = calloc(ranks ? ranks : 1, sizeof *workers);
    size_t n = 0;

    if (!workers) return TALLY_FAIL(MEMORY, "no memory to compare ranks");
    for (uint64_t rank = 0; rank < ranks; rank++) {
        double seconds[REPORT_PARTS];

        if (!told(r, rank)) continue;
        report_parts_of_rank(r, rank, seconds);
        workers[n++] = (worker){rank, seconds[REPORT_GRADIENT]};
    }
    *c = (crew){.run = r, .all = n <= RANKS_DRAWN};
    c->count = c->all ? n : RANKS_DRAWN;
    qsort(workers, n, sizeof *workers, by_seconds);
    qsort(workers, c->count, sizeof *workers, by_rank);
    for (size_t i = 0; i < c->count; i++) {
        c->rank[i] = workers[i].rank;
        snprintf(c->label[i], sizeof *c->label, "rank %llu",
                 (unsigned long long)c->rank[i]);
        c->labels[i] = c->label[i];
    }
    free(workers);
    return TALLY_OK;
}

static tally_status draw_seconds(report_page *p, const crew *c, const char *of)
{
    double value[RANKS_DRAWN * REPORT_PARTS];
    char caption[192];
    report_bars bars = {.title = "Seconds of each rank",
                        .axis = "seconds of all steps",
                        .rows = c->count,
                        .labels = c->labels,
                        .value = value};

    for (size_t row = 0; row < c->count; row++)
        report_parts_of_rank(c->run, c->rank[row], &value[row * REPORT_PARTS]);
    snprintf(caption, sizeof caption, "%s: seconds of all steps, by rank%s", of,
             c->all ? "" : " (the 16 slowest)");
    return report_draw_parts(p, &bars, caption);
}

static tally_status draw_bytes(report_page *p, const crew *c, const char *of,
                               size_t colour)
{
    static const char *const names[] = {"sent"};
    double value[RANKS_DRAWN], sum = 0;
    char caption[192];
    report_bars bars = {.title = "Megabytes sent by each rank",
                        .axis = "megabytes sent in all steps",
                        .rows = c->count,
                        .parts = 1,
                        .labels = c->labels,
                        .names = names,
                        .colours = &colour,
                        .value = value};

    for (size_t row = 0; row < c->count; row++) {
        if (!report_run_entry(c->run, "exchange/bytes_sent", c->rank[row], &value[row]))
            value[row] = 0;
        sum += value[row] *= 1e-6;
    }
    snprintf(caption, sizeof caption, "%s: megabytes sent, by rank%s", of,
             c->all ? "" : " (the 16 slowest)");
    return sum > 0 ? report_draw_bars(p, &bars, caption) : TALLY_OK;
}

static tally_status draw_run(report_page *p, size_t k)
{
    crew c;

    TALLY_TRY(gather(&c, &p->runs[k]));
    TALLY_TRY(draw_seconds(p, &c, p->label[k]));
    return draw_bytes(p, &c, p->label[k], p->colour[k]);
}

/* ---- tables ---- */

static size_t choose(const report_run *r, const char *columns[COLUMNS])
{
    size_t n = 0;

    for (size_t i = 0; i < COLUMNS; i++)
        if (report_run_has_entries(r, column(i))) columns[n++] = column(i);
    return n;
}

static void write_ranks(report_page *p, const report_run *r, const char *label)
{
    const char *columns[COLUMNS], *heads[1 + COLUMNS] = {"rank"};
    char names[COLUMNS][64], words[64], caption[128];
    size_t n = choose(r, columns);
    uint64_t ranks = ranks_of(r);

    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "#%s", columns[i]);
        heads[1 + i] = names[i];
    }
    snprintf(caption, sizeof caption, "Ranks of %s", label);
    sheet_table_begin(&p->sheet, true, caption, 1 + n, heads);
    for (uint64_t rank = 0; rank < ranks; rank++) {
        if (!told(r, rank)) continue;
        snprintf(words, sizeof words, "%llu", (unsigned long long)rank);
        sheet_words(&p->sheet, words);
        for (size_t i = 0; i < n; i++) {
            double value;

            if (report_run_entry(r, columns[i], rank, &value))
                sheet_number(&p->sheet, value);
            else
                sheet_no_cell(&p->sheet);
        }
    }
    sheet_table_end(&p->sheet);
}

tally_status report_write_ranks(report_page *p)
{
    bool any = false;

    for (size_t k = 0; k < p->count; k++)
        any = any || ranks_of(&p->runs[k]) > 1;
    if (!any) return TALLY_OK;
    sheet_part(&p->sheet, "Rank by rank");
    if (p->draws && p->count > REPORT_DRAWN_MOST)
        sheet_say(&p->sheet, "So many runs have tables alone.");
    else if (p->draws) {
        sheet_pictures_begin(&p->sheet);
        for (size_t k = 0; k < p->count; k++)
            if (ranks_of(&p->runs[k]) > 1) TALLY_TRY(draw_run(p, k));
        sheet_pictures_end(&p->sheet);
    }
    sheet_tables_begin(&p->sheet);
    for (size_t k = 0; k < p->count; k++)
        if (ranks_of(&p->runs[k]) > 1) write_ranks(p, &p->runs[k], p->label[k]);
    sheet_tables_end(&p->sheet);
    return TALLY_OK;
}

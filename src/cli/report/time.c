/* time.c — where the time of the steps of each run went; and how evenly ranks computed.
 */

#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAR_APART = 8 }; /* the longest step by the shortest: short bars say nothing */

static bool are_far_apart(const double *seconds, size_t count)
{
    double least = (double)INFINITY, most = 0;

    for (size_t k = 0; k < count; k++) {
        if (seconds[k] > 0) least = fmin(least, seconds[k]);
        most = fmax(most, seconds[k]);
    }
    return most >= FAR_APART * least;
}

/* Stacked pieces would lie on a logarithmic axis: bars of one length tell how each
 * step divides, and the numbers at their ends how long it is.  Changes the values. */
static tally_status draw_shares(report_page *p, const report_bars *bars, double *value)
{
    double total[REPORT_RUNS_MOST] = {0};
    report_bars shares = *bars;

    for (size_t k = 0; k < bars->rows; k++)
        for (size_t i = 0; i < REPORT_PARTS; i++)
            total[k] += value[k * REPORT_PARTS + i];
    if (!are_far_apart(total, bars->rows)) return TALLY_OK;
    for (size_t k = 0; k < bars->rows; k++)
        for (size_t i = 0; i < REPORT_PARTS && total[k] > 0; i++)
            value[k * REPORT_PARTS + i] *= 100 / total[k];
    shares.title = "How a step divides";
    shares.axis = "percent of a step";
    shares.ends = total;
    return report_draw_parts(p, &shares, "In percent; at the ends: milliseconds");
}

static tally_status draw_runs(report_page *p)
{
    const char *labels[REPORT_RUNS_MOST];
    double value[REPORT_RUNS_MOST * REPORT_PARTS];
    report_bars bars = {.title = "Where the time of a step went",
                        .axis = "milliseconds a step",
                        .labels = labels,
                        .value = value};

    for (size_t k = 0; k < p->count; k++) {
        double *v = &value[bars.rows * REPORT_PARTS];

        if (!report_parts_of_step(&p->runs[k], v)) continue;
        for (size_t i = 0; i < REPORT_PARTS; i++)
            v[i] *= 1000;
        labels[bars.rows++] = p->label[k];
    }
    if (!p->draws || bars.rows == 0) return TALLY_OK;
    sheet_pictures_begin(&p->sheet);
    TALLY_TRY(
        report_draw_parts(p, &bars, "Milliseconds a step, on rank 0 of each run"));
    TALLY_TRY(draw_shares(p, &bars, value));
    sheet_pictures_end(&p->sheet);
    return TALLY_OK;
}

/* Metrics that some run has, and their heads; returns how many. */
static size_t choose(const report_page *p, const char *metrics[REPORT_PARTS])
{
    size_t n = 0;

    for (size_t i = 0; i < REPORT_PARTS; i++)
        for (size_t k = 0; k < p->count; k++)
            if (report_run_column(&p->runs[k], report_part_metrics[i])) {
                metrics[n++] = report_part_metrics[i];
                break;
            }
    return n;
}

static void write_runs(report_page *p)
{
    const char *metrics[REPORT_PARTS], *heads[2 + REPORT_PARTS] = {"run", "#seconds"};
    char names[REPORT_PARTS][64];
    size_t n = choose(p, metrics);

    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "#%s", metrics[i]);
        heads[2 + i] = names[i];
    }
    sheet_table_begin(&p->sheet, true, "Seconds of rank 0, of each run", 2 + n, heads);
    for (size_t k = 0; k < p->count; k++) {
        const report_run *r = &p->runs[k];

        sheet_words(&p->sheet, p->label[k]);
        sheet_number(&p->sheet, report_run_last(r, "train/seconds"));
        for (size_t i = 0; i < n; i++) {
            if (report_run_column(r, metrics[i]))
                sheet_number(&p->sheet, report_run_last(r, metrics[i]));
            else
                sheet_no_cell(&p->sheet);
        }
    }
    sheet_table_end(&p->sheet);
}

/* ---- stragglers ---- */

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

typedef struct evenness {
    size_t ranks;
    double median, longest; /* seconds of computing gradients */
    uint64_t slowest;       /* rank */
} evenness;

/* Entries of one name lie together. */
static tally_status measure(const report_run *r, evenness *e)
{
    double *seconds = calloc(r->entry_count + 1, sizeof *seconds);

    *e = (evenness){0};
    if (!seconds) return TALLY_FAIL(MEMORY, "no memory to compare ranks");
    for (size_t i = 0; i < r->entry_count; i++) {
        const report_entry *of = &r->entries[i];

        if (strcmp(of->name, report_part_metrics[REPORT_GRADIENT]) != 0 ||
            !isfinite(of->value))
            continue;
        if (of->value > e->longest) {
            e->longest = of->value;
            e->slowest = of->index;
        }
        seconds[e->ranks++] = of->value;
    }
    qsort(seconds, e->ranks, sizeof *seconds, compare);
    if (e->ranks)
        e->median = 0.5 * (seconds[(e->ranks - 1) / 2] + seconds[e->ranks / 2]);
    free(seconds);
    return TALLY_OK;
}

static tally_status write_stragglers(report_page *p)
{
    static const char *const heads[] = {"run",
                                        "#ranks that compute",
                                        "#median rank, seconds of gradients",
                                        "#slowest rank, seconds of gradients",
                                        "#slowest rank",
                                        "#slowest / median"};
    bool begun = false;

    for (size_t k = 0; k < p->count; k++) {
        evenness e;

        TALLY_TRY(measure(&p->runs[k], &e));
        if (e.ranks < 2 || e.median <= 0) continue;
        if (!begun) sheet_part(&p->sheet, "Stragglers");
        if (!begun)
            sheet_table_begin(&p->sheet, false,
                              "How evenly ranks computed: the others of a step wait "
                              "for the slowest",
                              6, heads);
        begun = true;
        sheet_words(&p->sheet, p->label[k]);
        sheet_number(&p->sheet, (double)e.ranks);
        sheet_number(&p->sheet, e.median);
        sheet_number(&p->sheet, e.longest);
        sheet_number(&p->sheet, (double)e.slowest);
        sheet_number(&p->sheet, e.longest / e.median);
    }
    if (begun) sheet_table_end(&p->sheet);
    return TALLY_OK;
}

tally_status report_write_time(report_page *p)
{
    sheet_section(&p->sheet, "time", "Where the time went");
    report_write_parts(p);
    TALLY_TRY(draw_runs(p));
    sheet_tables_begin(&p->sheet);
    write_runs(p);
    sheet_tables_end(&p->sheet);
    TALLY_TRY(write_stragglers(p));
    TALLY_TRY(report_write_ranks(p));
    return report_write_staleness(p);
}

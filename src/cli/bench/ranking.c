/* ranking.c — accounts of several rounds as a table, the best strategy first.
 *
 * Figures are medians over the rounds, with least and most where spread is asked for;
 * the parts of a step are of the rounds in the middle.
 * A strategy costs seconds a sample, or those until it arrived; `ratio` is what it
 * costs by what the first costs in the same round. */

#include "cli/bench/ranking.h"

#include "cli/bench/bench.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const cli_column of_strategy = {"strategy", "strategy", -10, 0};

static const cli_column of_target[] = {
    {"reached",        "reached",  7,  0},
    {"target_s",       "target s", 9,  3},
    {"target_least_s", "least",    9,  3},
    {"target_most_s",  "most",     9,  3},
    {"target_steps",   "steps",    7,  0},
    {"target_bytes",   "sent",     12, 0},
    {"accuracy",       "accuracy", 8,  4},
    {NULL,             NULL,       0,  0},
};

static const cli_column of_step[] = {
    {"step_ms",       "step ms", 9, 3},
    {"step_least_ms", "least",   9, 3},
    {"step_most_ms",  "most",    9, 3},
    {NULL,            NULL,      0, 0},
};

static const cli_column of_parts[] = {
    {"compute_ms", "compute", 9, 3},
    {"encode_ms",  "encode",  8, 3},
    {"wait_ms",    "wait",    8, 3},
    {"wire_ms",    "wire",    8, 3},
    {"decode_ms",  "decode",  8, 3},
    {"apply_ms",   "apply",   8, 3},
    {NULL,         NULL,      0, 0},
};

static const cli_column of_rate[] = {
    {"bytes_sent",    "sent, rank", 11, 0},
    {"samples_per_s", "samples/s",  11, 0},
    {"ratio",         "ratio",      7,  2},
    {"ratio_least",   "least",      6,  2},
    {"ratio_most",    "most",       6,  2},
    {NULL,            NULL,         0,  0},
};

tally_status bench_ranking_open(bench_ranking *r)
{
    size_t rounds = (size_t)r->rounds;
    bool fine;

    r->column = calloc(rounds, sizeof *r->column);
    fine = r->column != NULL;
    for (int k = 0; k < r->count; k++) {
        r->of[k] = calloc(rounds, sizeof *r->of[k]);
        fine &= r->of[k] != NULL;
    }
    return fine ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %zu rounds", rounds);
}

void bench_ranking_close(bench_ranking *r)
{
    cli_table_close(&r->table);
    for (int k = 0; k < r->count; k++)
        free(r->of[k]);
    free(r->column);
}

/* ---- over the rounds ---- */

/* Of the number at `offset` of an account. */
static bench_times over_rounds(bench_ranking *r, int k, size_t offset)
{
    for (uint64_t i = 0; i < r->rounds; i++)
        memcpy(&r->column[i], (const char *)&r->of[k][i] + offset, sizeof *r->column);
    return bench_summary(r->column, r->rounds);
}

static double cost_of(const bench_ranking *r, int k, uint64_t round)
{
    const bench_account *a = &r->of[k][round];

    return r->target ? a->arrival.seconds : 1 / a->samples;
}

static double median_arrival(bench_ranking *r, int k)
{
    return over_rounds(r, k, offsetof(bench_account, arrival.seconds)).median;
}

/* A round in which neither arrived has none. */
static bench_times ratios(bench_ranking *r, int first, int k)
{
    const double none = (double)NAN;
    size_t n = 0;

    for (uint64_t i = 0; i < r->rounds; i++) {
        r->column[n] = cost_of(r, k, i) / cost_of(r, first, i);
        if (!isnan(r->column[n])) n++;
    }
    return n ? bench_summary(r->column, n) : (bench_times){none, none, none};
}

static double median_speed(bench_ranking *r, int k)
{
    return over_rounds(r, k, offsetof(bench_account, samples)).median;
}

static double median_best(bench_ranking *r, int k)
{
    return over_rounds(r, k, offsetof(bench_account, arrival.best)).median;
}

static int count_arrivals(const bench_ranking *r, int k)
{
    int there = 0;

    for (uint64_t i = 0; i < r->rounds; i++)
        there += r->of[k][i].arrival.there > 0;
    return there;
}

/* By the figures of the table; of those that did not arrive, who came nearer. */
static bool is_before(bench_ranking *r, int k, int other)
{
    if (!r->target) return median_speed(r, k) > median_speed(r, other);
    double mine = median_arrival(r, k), theirs = median_arrival(r, other);

    if (isfinite(mine) || isfinite(theirs)) return mine < theirs;
    return median_best(r, k) > median_best(r, other);
}

static void sort(bench_ranking *r, int order[BENCH_STRATEGIES_MOST])
{
    for (int k = 0; k < r->count; k++) {
        int at = k;

        for (; at > 0 && is_before(r, k, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}

/* ---- rows ---- */

static void add_columns(bench_ranking *r, const cli_column *columns, size_t *count)
{
    while (columns->key)
        r->columns[(*count)++] = *columns++;
}

/* On the screen the parts of a step make room for the target. */
static bool has_parts(const bench_ranking *r)
{
    return !r->target || r->table.style != CLI_TEXT;
}

static void open_table(bench_ranking *r, cli_style style)
{
    size_t count = 1;

    r->table.style = style;
    r->columns[0] = of_strategy;
    for (int k = 0; k < r->count; k++)
        if ((int)strlen(r->names[k]) > -r->columns[0].width)
            r->columns[0].width = -(int)strlen(r->names[k]);
    if (r->target) add_columns(r, of_target, &count);
    add_columns(r, of_step, &count);
    if (has_parts(r)) add_columns(r, of_parts, &count);
    add_columns(r, of_rate, &count);
    cli_table_open(&r->table, style, r->columns);
}

static void write_spread(cli_table *t, double unit, bench_times times)
{
    cli_table_number(t, unit * times.median);
    cli_table_number(t, unit * times.least);
    cli_table_number(t, unit * times.most);
}

static void write_target(bench_ranking *r, int k)
{
    cli_table *t = &r->table;

    cli_table_number(t, count_arrivals(r, k));
    write_spread(t, 1, over_rounds(r, k, offsetof(bench_account, arrival.seconds)));
    cli_table_number(t,
                     over_rounds(r, k, offsetof(bench_account, arrival.steps)).median);
    cli_table_number(t,
                     over_rounds(r, k, offsetof(bench_account, arrival.bytes)).median);
    cli_table_number(t, median_best(r, k));
}

/* Rounds with a shorter step; of those with the same, the ones before. */
static uint64_t place_of(const bench_account *of, uint64_t rounds, uint64_t round)
{
    uint64_t place = 0;

    for (uint64_t i = 0; i < rounds; i++)
        place +=
            of[i].step < of[round].step || (i < round && of[i].step <= of[round].step);
    return place;
}

/* Those of the round, or the mean of the two, whose step is the median: medians of each
 * part would be of different rounds, and need not add up. */
static void write_parts(bench_ranking *r, int k)
{
    double part[BENCH_PARTS] = {0}, rounds = 0;

    for (uint64_t i = 0; i < r->rounds; i++) {
        uint64_t place = place_of(r->of[k], r->rounds, i);

        if (place != (r->rounds - 1) / 2 && place != r->rounds / 2) continue;
        rounds++;
        for (int p = 0; p < BENCH_PARTS; p++)
            part[p] += r->of[k][i].part[p];
    }
    for (int p = 0; p < BENCH_PARTS; p++)
        cli_table_number(&r->table, 1e3 * part[p] / rounds);
}

static void write_row(bench_ranking *r, int first, int k)
{
    cli_table *t = &r->table;

    cli_table_text(t, r->names[k]);
    if (r->target) write_target(r, k);
    write_spread(t, 1e3, over_rounds(r, k, offsetof(bench_account, step)));
    if (has_parts(r)) write_parts(r, k);
    cli_table_number(t, over_rounds(r, k, offsetof(bench_account, bytes)).median);
    cli_table_number(t, median_speed(r, k));
    write_spread(t, 1, ratios(r, first, k));
}

void bench_ranking_write(bench_ranking *r, cli_style style)
{
    int order[BENCH_STRATEGIES_MOST];

    sort(r, order);
    open_table(r, style);
    for (int k = 0; k < r->count; k++)
        write_row(r, order[0], order[k]);
}

/* parts.c — what a step's time is made of.
 *
 *     gradient | encode  wait  wire  decode | apply
 *              |          exchange          |
 *
 * Run folders of older versions know the exchange as a whole, and so do trainers other
 * than lockstep. */

#include "cli/report/page.h"

#include <math.h>
#include <stdlib.h>

const char *const report_part_names[REPORT_PARTS] = {
    "gradient", "encode", "wait", "wire", "decode", "exchange", "apply"};

const char *const report_part_metrics[REPORT_PARTS] = {
    "gradient/seconds", "encode/seconds",   "wait/seconds", "wire/seconds",
    "decode/seconds",   "exchange/seconds", "apply/seconds"};

/* Leaves of the exchange what its parts do not have; what rounding leaves is nothing.
 */
static void divide(double seconds[REPORT_PARTS])
{
    double all = seconds[REPORT_EXCHANGE], rest = all;

    for (size_t i = REPORT_ENCODE; i <= REPORT_DECODE; i++)
        rest -= seconds[i];
    seconds[REPORT_EXCHANGE] = rest > 0.001 * all ? rest : 0;
}

bool report_parts_of_step(const report_run *r, double seconds[REPORT_PARTS])
{
    bool any = false;

    for (size_t i = 0; i < REPORT_PARTS; i++) {
        double x = report_run_per_step(r, report_part_metrics[i]);

        any = any || isfinite(x);
        seconds[i] = isfinite(x) ? x : 0;
    }
    divide(seconds);
    return any;
}

bool report_parts_of_rank(const report_run *r, uint64_t rank,
                          double seconds[REPORT_PARTS])
{
    bool any = false;

    for (size_t i = 0; i < REPORT_PARTS; i++) {
        double x;
        bool found = report_run_entry(r, report_part_metrics[i], rank, &x);

        any = any || found;
        seconds[i] = found && isfinite(x) ? x : 0;
    }
    divide(seconds);
    return any;
}

static bool is_used(const report_bars *b, size_t part)
{
    for (size_t row = 0; row < b->rows; row++)
        if (b->value[row * REPORT_PARTS + part] > 0) return true;
    return false;
}

tally_status report_draw_parts(report_page *p, const report_bars *bars,
                               const char *caption)
{
    const char *names[REPORT_PARTS];
    size_t colours[REPORT_PARTS], from[REPORT_PARTS], used = 0;
    report_bars some = *bars;

    for (size_t i = 0; i < REPORT_PARTS; i++) {
        if (!is_used(bars, i)) continue;
        names[used] = report_part_names[i];
        colours[used] = PLOT_PART + i;
        from[used++] = i;
    }
    if (used == 0) return TALLY_OK;
    double *value = calloc(bars->rows * used, sizeof *value);
    if (!value) return TALLY_FAIL(MEMORY, "no memory for %zu bars", bars->rows);
    for (size_t row = 0; row < bars->rows; row++)
        for (size_t i = 0; i < used; i++)
            value[row * used + i] = bars->value[row * REPORT_PARTS + from[i]];
    some.parts = used;
    some.names = names;
    some.colours = colours;
    some.value = value;
    tally_status status = report_draw_bars(p, &some, caption);
    free(value);
    return status;
}

/* Whether some run's steps have the part. */
static bool is_there(const report_page *p, size_t part)
{
    double seconds[REPORT_PARTS];

    for (size_t k = 0; k < p->count; k++) {
        for (uint64_t rank = 0; rank < 2; rank++) /* a server's workers begin at 1 */
            if (report_parts_of_rank(&p->runs[k], rank, seconds) && seconds[part] > 0)
                return true;
        if (report_parts_of_step(&p->runs[k], seconds) && seconds[part] > 0)
            return true;
    }
    return false;
}

void report_write_parts(report_page *p)
{
    const char *names[REPORT_PARTS];
    size_t colours[REPORT_PARTS], used = 0;

    sheet_say(
        &p->sheet,
        "Gradient: computing it. Encode: numbers to bytes, and handing them over. "
        "Wait: until the slowest rank had its gradient. Wire: for bytes after "
        "that. Decode: adding, counting, bytes to numbers. Apply: moving weights. "
        "Exchange: turned to other ranks without computing, where that was not "
        "divided; of a server's workers, waiting for replies.");
    if (!p->draws) return;
    for (size_t i = 0; i < REPORT_PARTS; i++) {
        if (!is_there(p, i)) continue;
        names[used] = report_part_names[i];
        colours[used++] = PLOT_PART + i;
    }
    if (used) sheet_legend(&p->sheet, used, colours, names);
}

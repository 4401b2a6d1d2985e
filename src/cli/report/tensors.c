/* tensors.c — how the weights, and with them a step's bytes, are spread over tensors.
 */

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

static tally_status draw(report_page *p, const report_run *r)
{
    static const char *const name[] = {"share"};
    const char *labels[DRAWN];
    double value[DRAWN], all = weights_of(r);
    report_bars bars = {.title = "Share of the weights, by tensor",
                        .axis = "percent of the weights",
                        .parts = 1,
                        .labels = labels,
                        .names = name,
                        .value = value};

    for (size_t i = 0; i < r->tensor_count && i < DRAWN; i++) {
        labels[i] = r->tensors[i].name;
        value[i] = 100 * (double)r->tensors[i].weights / all;
        bars.rows++;
    }
    if (bars.rows == 0 || all <= 0) return TALLY_OK;
    sheet_pictures_begin(&p->sheet);
    TALLY_TRY(report_draw_bars(p, &bars, "Percent of the weights, by tensor"));
    sheet_pictures_end(&p->sheet);
    return TALLY_OK;
}

static void write(report_page *p, const report_run *r, const char *label)
{
    static const char *const heads[] = {"tensor", "shape", "#weights",
                                        "#percent of the weights",
                                        "#bytes a step in proportion"};
    double bytes = report_run_per_step(r, "exchange/bytes_sent"), all = weights_of(r);
    char caption[96];

    snprintf(caption, sizeof caption, "Tensors of %s", label);
    sheet_table_begin(&p->sheet, true, caption, 5, heads);
    for (size_t i = 0; i < r->tensor_count; i++) {
        double share = all > 0 ? (double)r->tensors[i].weights / all : 0;

        sheet_words(&p->sheet, r->tensors[i].name);
        sheet_words(&p->sheet, r->tensors[i].shape);
        sheet_number(&p->sheet, (double)r->tensors[i].weights);
        sheet_number(&p->sheet, 100 * share);
        if (isnan(bytes))
            sheet_no_cell(&p->sheet);
        else
            sheet_number(&p->sheet, bytes * share);
    }
    sheet_table_end(&p->sheet);
}

tally_status report_write_tensors(report_page *p)
{
    report_sheet *s = &p->sheet;

    sheet_section(s, "bytes", "Bytes by tensor");
    sheet_say(s,
              "The bytes that rank 0 sends in a step, divided in proportion to the "
              "weights: so it is where every weight costs the same; where a codec or "
              "an exchange picks weights, it is an estimate. Bytes by rank stand "
              "above; a run folder holds none by pairs of ranks.");
    for (size_t k = 0; k < p->count; k++) {
        const report_run *r = &p->runs[k];

        if (p->count > 1) sheet_part(s, p->label[k]);
        if (*r->note) sheet_say(s, "Without tensors: %s.", r->note);
        if (!r->tensor_count) continue;
        TALLY_TRY(draw(p, r));
        write(p, r, p->label[k]);
    }
    return TALLY_OK;
}

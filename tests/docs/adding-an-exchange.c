/* adding-an-exchange.c — the exchange of docs/adding-an-exchange.md is in the family,
 * keeps the promises of all exchanges, and agrees on medians. */

#include "exchange/cases.h"

#include <stdio.h>
#include <stdlib.h>

enum { LENGTH = 1000 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* n times the median of what the ranks say.  Doubling and halving are exact, so it is
 * off by the rounding of the middle sum and of the product. */
static double median(int n, size_t i)
{
    double column[64];

    for (int r = 0; r < n; r++)
        column[r] = (double)exchange_case_value(r, 0, i);
    qsort(column, (size_t)n, sizeof *column, compare);
    return n * (column[n / 2] + column[(n - 1) / 2]) / 2;
}

static tally_status expect_medians(tally_comm *c, void *context)
{
    static const size_t length = LENGTH;
    const tally_span plan[] = {
        {0,   640},
        {640, 360}
    };
    const double allowed = c->size * (sizeof(tally_real) == 4 ? 0x1p-22 : 0x1p-51);
    tally_layout layout = {0};
    tally_exchange x = {0};
    tally_real v[LENGTH];

    (void)context;
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_open(&x, "median", c, &layout, plan, 2, 1));
    for (size_t i = 0; i < length; i++)
        v[i] = exchange_case_value(c->rank, 0, i);
    TALLY_TRY(tally_exchange_all(&x, 0, v));
    for (size_t i = 0; i < length; i++) {
        double away = (double)v[i] - median(c->size, i);

        if (!(away <= allowed && away >= -allowed))
            return TALLY_FAIL(MISMATCH, "value %zu of %d ranks is %g, expected %g", i,
                              c->size, (double)v[i], median(c->size, i));
    }
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return TALLY_OK;
}

int main(void)
{
    static const char *const comms[] = {"self", "sim:ranks=2", "sim:ranks=4",
                                        "sim:ranks=5", "sim:ranks=5,rendezvous=true"};
    const tally_about *about;
    exchange_case one = {"median", LENGTH, 128};
    tally_status status = tally_family_find(&tally_exchange_family, "median", &about);
    size_t last = 0;

    for (size_t k = 0; !status && k < sizeof comms / sizeof *comms; k++) {
        status = tally_launch(comms[k], expect_medians, NULL);
        if (!status) status = tally_launch(comms[k], exchange_case_run, &one);
    }
    while (exchange_spec_at(last + 1))
        last++;
    if (!status && exchange_spec_at(last) != about->name)
        status = TALLY_FAIL(MISMATCH, "conformance does not run the median");
    if (status) {
        fprintf(stderr, "%s\n%s", tally_error_sentence(), tally_error_trace());
        return (int)status;
    }
    puts("ranks agree on medians");
    return 0;
}

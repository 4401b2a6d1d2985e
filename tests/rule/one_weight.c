/* one_weight.c — a rule that moves a single weight, for paths computed by hand. */

#include "rule/one_weight.h"

#include "support/expect.h"

void one_weight_open(one_weight *x, const char *spec, double w)
{
    *x = (one_weight){.w = {(tally_real)w}};
    expect_ok(tally_layout_add(&x->layout, "x", TALLY_WEIGHT, 1, (size_t[]){1}));
    expect_ok(tally_rule_open(&x->rule, spec, &x->layout));
}

double one_weight_step(one_weight *x, double rate, double g)
{
    tally_step t = {.number = ++x->steps, .rate = rate};
    tally_real values[] = {(tally_real)g};

    expect_ok(tally_rule_apply(&x->rule, &t, (tally_span){0, 1}, x->w,
                               (tally_view){.values = values}, NULL));
    return (double)x->w[0];
}

void one_weight_close(one_weight *x)
{
    tally_rule_close(&x->rule);
    tally_layout_close(&x->layout);
}

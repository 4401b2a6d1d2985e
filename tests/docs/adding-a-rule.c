/* adding-a-rule.c — the rule of docs/adding-a-rule.md is in the family, takes its
 * options and moves weights as its equations say. */

#include "tally/rule.h"

#include <math.h>
#include <stdio.h>

static int fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, tally_error_sentence());
    return 1;
}

int main(void)
{
    const size_t d = 3;
    const double should[] = {0.89, 2.08, 2.97}; /* w - 0.1 (sign(g) + 0.1 w) */
    tally_real w[] = {1, 2, 3}, g[] = {5, -5, 0};
    tally_step t = {.number = 1, .rate = 0.1};
    tally_layout layout = {0};
    tally_rule r;

    if (tally_layout_add(&layout, "x", TALLY_WEIGHT, 1, &d)) return fail("layout");
    if (tally_rule_open(&r, "lion:decay=0.1", &layout)) return fail("open");
    if (tally_rule_apply(&r, &t, (tally_span){0, d}, w, (tally_view){.values = g},
                         NULL))
        return fail("apply");
    for (size_t i = 0; i < d; i++)
        if (!(fabs((double)w[i] - should[i]) < 1e-6)) return fail("w is wrong");
    tally_rule_close(&r);
    tally_layout_close(&layout);
    puts("lion moves weights");
    return 0;
}

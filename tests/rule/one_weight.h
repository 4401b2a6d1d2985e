/* one_weight.h — a rule that moves a single weight, for paths computed by hand. */

#ifndef TEST_ONE_WEIGHT_H
#define TEST_ONE_WEIGHT_H

#include "tally/rule.h"

typedef struct one_weight {
    tally_layout layout;
    tally_rule rule;
    uint64_t steps;
    tally_real w[1];
} one_weight;

void one_weight_open(one_weight *x, const char *spec, double w);
/* The weight after a step along the gradient g. */
double one_weight_step(one_weight *x, double rate, double g);
void one_weight_close(one_weight *x);

#endif

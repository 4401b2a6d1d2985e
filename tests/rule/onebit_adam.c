/* onebit_adam.c — Adam until the variance is frozen, then steps along the agreed. */

#include "tally/rule.h"

#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>

enum { LENGTH = 40, WARMUP = 5, STEPS = 12 };

/* The last coordinate has no gradient at all, the one before nearly none. */
static double gradient(uint64_t step, size_t i)
{
    if (i == LENGTH - 1) return 0;
    return sin((double)(step * 7 + i)) * (i == LENGTH - 2 ? 1e-9 : 1);
}

static void open_rules(tally_layout *layout, tally_rule *rule, const char *spec)
{
    size_t length = LENGTH;

    expect_ok(tally_layout_add(layout, "w", TALLY_WEIGHT, 1, &length));
    expect_ok(tally_rule_open(rule, spec, layout));
}

static void step_by(tally_rule *rule, tally_step t, tally_real *g, tally_real *w)
{
    tally_span all = {0, LENGTH};
    tally_real room[LENGTH];
    tally_view v = {.values = g};

    expect_ok(tally_rule_propose(rule, &t, all, g, &v));
    expect_ok(tally_rule_apply(rule, &t, all, w, (tally_view){.values = g}, room));
}

Test(onebit_adam, is_adam_until_the_variance_is_frozen)
{
    tally_layout layout = {0}, other = {0};
    tally_rule onebit, adam;
    tally_real w[LENGTH] = {0}, want[LENGTH] = {0}, g[LENGTH];

    open_rules(&layout, &onebit, "onebit_adam:warmup=5,floor=0");
    open_rules(&other, &adam, "adam");
    for (uint64_t step = 1; step <= WARMUP; step++) {
        tally_step t = {.number = step, .rate = 0.1, .share = 1};

        for (size_t i = 0; i < LENGTH; i++)
            g[i] = (tally_real)gradient(step, i);
        step_by(&onebit, t, g, w);
        step_by(&adam, t, g, want);
    }
    for (size_t i = 0; i < LENGTH; i++)
        cr_assert(epsilon_eq(dbl, (double)w[i], (double)want[i], 32 * REAL_EPSILON));
    tally_rule_close(&onebit);
    tally_rule_close(&adam);
    tally_layout_close(&layout);
    tally_layout_close(&other);
}

/* Equations in double; what is agreed is what the one rank says, plus what a sign would
 * add everywhere. */
Test(onebit_adam, then_walks_along_the_agreed_momentum)
{
    double m[LENGTH] = {0}, v[LENGTH] = {0}, w[LENGTH] = {0}, least = 0, count = 0;
    tally_layout layout = {0};
    tally_rule rule;
    tally_real got[LENGTH] = {0}, g[LENGTH];
    tally_span all = {0, LENGTH};

    open_rules(&layout, &rule, "onebit_adam:warmup=5,floor=0.5");
    for (uint64_t step = 1; step <= STEPS; step++) {
        tally_step t = {.number = step, .rate = 0.1, .share = 1};
        bool warm = step <= WARMUP;
        double correct = 1 / sqrt(1 - pow(0.999, warm ? (double)step : WARMUP));
        tally_view view = {.values = g};
        tally_real room[LENGTH];

        for (size_t i = 0; i < LENGTH; i++) {
            double x = gradient(step, i);

            g[i] = (tally_real)x;
            m[i] = 0.9 * m[i] + 0.1 * x + (warm ? 0 : 0.01);
            if (warm) v[i] = 0.999 * v[i] + 0.001 * x * x;
        }
        for (size_t i = 0; step == WARMUP && i < LENGTH; i++) {
            least += 0.5 * sqrt(v[i]);
            count += v[i] > 0;
        }
        for (size_t i = 0; i < LENGTH; i++) {
            double root = sqrt(v[i]);

            if (!warm) root = fmax(root, least / count);
            if (v[i] > 0)
                w[i] -=
                    0.1 * m[i] / (1 - pow(0.9, (double)step)) / (root * correct + 1e-8);
        }
        expect_ok(tally_rule_propose(&rule, &t, all, g, &view));
        for (size_t i = 0; !warm && i < LENGTH; i++)
            g[i] += (tally_real)0.01;
        expect_ok(
            tally_rule_apply(&rule, &t, all, got, (tally_view){.values = g}, room));
    }
    /* Tiny gradients have a root near the rounding of v. */
    for (size_t i = 0; i < LENGTH; i++)
        cr_assert(epsilon_eq(dbl, (double)got[i], w[i], 2e-4 * (1 + fabs(w[i]))),
                  "weight %zu", i);
    cr_assert(eq(dbl, (double)got[LENGTH - 1], 0)); /* no variance: it stays */
    tally_rule_close(&rule);
    tally_layout_close(&layout);
}

/* Two ranks that say half of it each: the momentum counts once. */
Test(onebit_adam, a_rank_says_its_share_of_the_momentum)
{
    tally_layout layout = {0};
    tally_rule rule;
    tally_real w[LENGTH] = {0}, g[LENGTH];
    tally_span all = {0, LENGTH};
    tally_view view = {.values = g};

    open_rules(&layout, &rule, "onebit_adam:warmup=1");
    for (size_t i = 0; i < LENGTH; i++)
        g[i] = 1;
    step_by(&rule, (tally_step){.number = 1, .rate = 0.1, .share = 0.5}, g, w);
    for (size_t i = 0; i < LENGTH; i++)
        g[i] = 2;
    tally_step t = {.number = 2, .rate = 0.1, .share = 0.5};
    expect_ok(tally_rule_propose(&rule, &t, all, g, &view));
    cr_assert(epsilon_eq(dbl, (double)g[0], 0.9 * 0.5 * 0.1 + 0.1 * 2, 1e-6));
    tally_rule_close(&rule);
    tally_layout_close(&layout);
}

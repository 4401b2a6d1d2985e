/* rules.c — one pass of each rule over the weights of 784-2048-2048-10.
 *
 * Bytes: the weights read and written, what was agreed read, and each vector of state
 * read and written once.  State belongs to the verb that comes first: the momentum of a
 * voter to propose, which reads the gradient and writes bits. */

#include "tally/rule.h"

#include "cli/bench/kernel.h"

#include <stdio.h>

typedef struct task {
    tally_rule rule;
    tally_step step;
} task;

static bool votes(const tally_rule *r)
{
    return r->ops->propose && r->ops->takes_bits;
}

static tally_status propose(kernel *k)
{
    task *t = k->what;
    tally_view v = {.bits = votes(&t->rule) ? k->on->minus : NULL};

    t->step.number++;
    return tally_rule_propose(&t->rule, &t->step, kernel_all(), k->on->b, &v);
}

static tally_status apply(kernel *k)
{
    task *t = k->what;
    tally_view v = {.values = k->on->b};

    if (votes(&t->rule)) v = (tally_view){.bits = k->on->bits[0], .scale = 1};
    t->step.number++;
    return tally_rule_apply(&t->rule, &t->step, kernel_all(), k->on->a, v, k->on->c);
}

/* Bytes a weight of all vectors of state, read and written. */
static double state_bytes(const tally_rule *r)
{
    double bytes = 0;

    for (const tally_slot *s = r->ops->about.slots; s && s->name; s++)
        if (s->extent == TALLY_EACH_WEIGHT) bytes += 2 * sizeof(tally_real);
    return bytes;
}

static tally_status measure_verb(kernel_bench *b, task *t, const char *verb,
                                 tally_status (*run)(kernel *k), double bytes)
{
    kernel k = {.run = run,
                .on = b,
                .group = "rules",
                .bytes = KERNEL_WEIGHTS * bytes,
                .values = KERNEL_WEIGHTS,
                .what = t};

    snprintf(k.name, sizeof k.name, "%s %s", t->rule.ops->about.name, verb);
    snprintf(k.shape, sizeof k.shape, "%d", KERNEL_WEIGHTS);
    return kernel_measure(&k);
}

static tally_status measure_rule(kernel_bench *b, task *t)
{
    const double number = sizeof(tally_real), state = state_bytes(&t->rule);
    double agreed = votes(&t->rule) ? 0.125 : number;
    bool first = t->rule.ops->propose != NULL;

    t->step = (tally_step){.number = 1000000, .rate = 1e-6}; /* after any warm-up */
    if (first)
        TALLY_TRY(measure_verb(b, t, "propose", propose, number + state + agreed));
    return measure_verb(b, t, "apply", apply,
                        2 * number + agreed + (first ? 0 : state));
}

tally_status kernel_rules(kernel_bench *b)
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_rule_family, i)); i++) {
        task t = {.step = {.number = 0}};
        tally_status status = tally_rule_open(&t.rule, about->name, &b->layout);

        if (!status) status = measure_rule(b, &t);
        tally_rule_close(&t.rule);
        TALLY_TRY(status);
    }
    return TALLY_OK;
}

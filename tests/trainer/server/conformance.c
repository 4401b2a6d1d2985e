/* conformance.c — what every consistency promises, whatever the servers. */

#include "run/example.h"
#include "support/errand.h"
#include "support/expect.h"

#include <stdio.h>
#include <string.h>

static const char *const servers[] = {"1", "2", "all"};

/* Workers of uneven speed, so that gradients overtake each other. */
static double stagger(int rank, uint64_t call)
{
    return 1e-3 * (1 + rank % 3) + 1e-4 * (double)(call * 7 % 5);
}

static errand errand_of(const char *consistency, const char *where, char settings[256],
                        const char *more)
{
    snprintf(settings, 256,
             "trainer=server:servers=%s consistency=%s rule=%s rate=0.05 batch=3 "
             "bucket=1 %s",
             where, consistency,
             strcmp(consistency, "eamsgd") == 0 ? "sgd" : "momentum", more);
    return (errand){.rows = 40, .settings = settings, .delay = stagger};
}

static const tally_about *consistency_at(size_t i)
{
    return tally_family_at(&tally_consistency_family, i);
}

/* Gradients a push. */
static uint64_t turn_of(const char *name)
{
    if (strcmp(name, "downpour") == 0) return 5;
    return strstr(name, "easgd") || strstr(name, "eamsgd") ? 10 : 1;
}

/* How many of `servers` it works with. */
static size_t roles_of(const char *name)
{
    return strcmp(name, "hogwild") == 0 ? 1 : 3;
}

/* 40 rows in steps of 12 by 4 workers (3 with two servers of 5 ranks: steps of 9). */
static void expect_all_counted(const char *name, const char *where)
{
    char settings[256];
    errand e = errand_of(name, where, settings, "epochs=3");
    bool all = strcmp(where, "all") == 0;
    all = all || roles_of(name) == 1;
    uint64_t workers = all ? 5 : (uint64_t)(5 - (where[0] - '0')), done = 0;
    uint64_t turn = turn_of(name);

    expect_ok(errand_run(&e, "sim:ranks=5,node=0,alpha_node=1e-4"));
    const errand_rank *r = &e.rank[0];
    cr_assert(eq(u64, r->result.steps, 3 * r->steps_per_epoch), "%s", settings);
    cr_assert(eq(sz, r->tale.count, workers));
    cr_assert(eq(u64, r->tale.lost + r->tale.refused, 0));
    for (size_t m = 0; m < r->tale.count; m++)
        done += r->worker[m].pushes;
    cr_assert(eq(u64, done, r->tale.pushes));
    if (strcmp(name, "backup") != 0) {
        cr_assert(eq(u64, r->tale.dropped, 0), "%s", settings);
        cr_assert(
            eq(u64, r->tale.pushes, (r->result.steps * workers + turn - 1) / turn),
            "%s", settings);
        cr_assert(eq(u64, r->result.samples, 3 * 40), "%s", settings);
        for (size_t i = 0; i < 40; i++)
            cr_assert(eq(uint, e.trained[i], 3), "%s: row %zu", settings, i);
    } else {
        cr_assert(eq(u64, r->tale.pushes, r->result.steps * (workers - 1)), "%s",
                  settings);
    }
    errand_close(&e);
}

Test(consistency, every_batch_counts_once)
{
    for (size_t i = 0; consistency_at(i); i++)
        for (size_t k = 0; k < roles_of(consistency_at(i)->name); k++)
            expect_all_counted(consistency_at(i)->name, servers[k]);
}

/* Also when sends block until they are met. */
Test(consistency, a_simulated_run_and_its_repeat_are_the_same_bits)
{
    static const char *const comms[] = {"sim:ranks=5,node=0",
                                        "sim:ranks=5,node=0,rendezvous=true"};

    for (size_t i = 0; consistency_at(i); i++) {
        for (size_t k = 0; k < roles_of(consistency_at(i)->name); k++) {
            char settings[256];
            errand a =
                errand_of(consistency_at(i)->name, servers[k], settings, "epochs=2");
            errand b = a;

            expect_ok(errand_run(&a, comms[k % 2]));
            expect_ok(errand_run(&b, comms[k % 2]));
            cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0, "%s",
                      settings);
            cr_assert(
                eq(u64, a.rank[0].tale.staleness_most, b.rank[0].tale.staleness_most));
            errand_close(&a);
            errand_close(&b);
        }
    }
}

/* The second half starts from the checkpoint, on ranks that were not there. */
Test(consistency, a_run_resumes)
{
    for (size_t i = 0; consistency_at(i); i++) {
        for (size_t k = 0; k < roles_of(consistency_at(i)->name); k++) {
            const char *out = example_directory();
            char settings[256], other[256], more[128];

            snprintf(more, sizeof more, "steps=5 checkpoint_every=5 out=%s", out);
            errand first =
                errand_of(consistency_at(i)->name, servers[k], settings, more);
            expect_ok(errand_run(&first, "sim:ranks=5,node=0"));
            errand second =
                errand_of(consistency_at(i)->name, servers[k], other, "steps=9");
            second.resume = out;
            expect_ok(errand_run(&second, "sim:ranks=5,node=0"));
            cr_assert(eq(u64, second.rank[0].result.steps, 9), "%s", settings);
            cr_assert(lt(dbl, second.rank[0].result.test_loss,
                         first.rank[0].result.test_loss),
                      "%s", settings);
            errand_close(&first);
            errand_close(&second);
            example_remove(out);
        }
    }
}

/* Elastic averaging agrees on no gradient; eamsgd has a momentum of its own. */
static const char *refusal(const char *name, const char *rule)
{
    if (strcmp(name, "eamsgd") == 0 && !strstr(rule, "rule=sgd"))
        return "it is for rule sgd, not";
    if (turn_of(name) == 10 && strstr(rule, "clip") && !strstr(rule, "local"))
        return "use clip with scope=local";
    return NULL;
}

/* Adam's number of updates, bounds on the gradient, rules that look elsewhere or that
 * keep a momentum on the worker. */
Test(consistency, every_kind_of_rule_and_clip_works)
{
    static const char *const rules[] = {
        "rule=adam rate=0.01",        "rule=nesterov:form=lookahead",
        "rule=signum rate=0.01",      "rule=sgd clip=norm:max=0.5,scope=local",
        "rule=sgd clip=norm:max=0.5",
    };

    for (size_t i = 0; consistency_at(i); i++) {
        for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
            char settings[256], one[256], more[128];

            snprintf(more, sizeof more, "epochs=12 %s", rules[k]);
            errand e = errand_of(consistency_at(i)->name, "1", settings, more);
            errand start = errand_of(consistency_at(i)->name, "1", one, "steps=1");
            expect_ok(errand_run(&start, "sim:ranks=4,node=0"));
            const char *refused = refusal(consistency_at(i)->name, rules[k]);
            if (refused) {
                expect_fail(errand_run(&e, "sim:ranks=4,node=0"), OPTION, refused);
                errand_close(&e);
                errand_close(&start);
                continue;
            }
            expect_ok(errand_run(&e, "sim:ranks=4,node=0"));
            cr_assert(
                lt(dbl, e.rank[0].result.test_loss, start.rank[0].result.test_loss),
                "%s %s", consistency_at(i)->name, more);
            errand_close(&e);
            errand_close(&start);
        }
    }
}

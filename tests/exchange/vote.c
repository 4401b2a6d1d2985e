/* vote.c — the majority vote against its golden values, and its coins. */

#include "tally/exchange.h"
#include "tally/rule.h"

#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A golden run: every rank's gradient g[step][rank][i], the weights x[step][i]. */
typedef struct replay {
    const char *vote;
    double *g, *vote_values, *x, rate, beta, decay;
    size_t steps, workers, length;
} replay;

/* The goldens are float64 sums of exact steps: in float each of the <= 20 steps rounds
 * the weight (|x| < 8) once or twice. */
static double tolerance(void)
{
    return sizeof(tally_real) == 8 ? 1e-10 : 20 * 2 * 8 * 0x1p-24;
}

static tally_status take_steps(const replay *p, tally_exchange *x, tally_rule *rule,
                               tally_real *w)
{
    tally_real *g = calloc(p->length, sizeof *g),
               *room = calloc(p->length, sizeof *room);
    tally_span all = {0, p->length};
    tally_status status = TALLY_OK;

    for (size_t s = 0; !status && s < p->steps; s++) {
        tally_step t = {.number = s + 1, .rate = p->rate};
        tally_view v = {.values = g}, agreed = {0};

        for (size_t i = 0; i < p->length; i++)
            g[i] = (tally_real)
                       p->g[(s * p->workers + (size_t)x->comm->rank) * p->length + i];
        x->ops->offer(x, 0, &v);
        status = tally_rule_propose(rule, &t, all, g, &v);
        if (!status) status = x->ops->start(x, 0, s, v);
        if (!status) status = x->ops->finish(x, 0, &agreed);
        tally_view_numbers(agreed, all, room);
        for (size_t i = 0; !status && i < p->length; i++)
            if (fabs((double)room[i] - p->vote_values[s * p->length + i]) > 0)
                status =
                    TALLY_FAIL(MISMATCH, "step %zu, value %zu: voted %g, golden %g", s,
                               i, (double)room[i], p->vote_values[s * p->length + i]);
        if (!status) status = tally_rule_apply(rule, &t, all, w, agreed, room);
    }
    free(g);
    free(room);
    return status;
}

static tally_status replay_body(tally_comm *c, void *context)
{
    const replay *p = context;
    tally_layout layout = {0};
    tally_span plan = {0, p->length};
    tally_exchange x = {0};
    tally_rule rule = {0};
    tally_real *w = calloc(p->length, sizeof *w);
    char spec[96];

    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &p->length));
    snprintf(spec, sizeof spec, "signum:beta=%.17g,decay=%.17g", p->beta, p->decay);
    TALLY_TRY(tally_rule_open(&rule, spec, &layout));
    TALLY_TRY(tally_exchange_open(&x, p->vote, c, &layout, &plan, 1, 1));
    for (size_t i = 0; i < p->length; i++)
        w[i] = (tally_real)p->x[i];
    tally_status status = take_steps(p, &x, &rule, w);
    for (size_t i = 0; !status && i < p->length; i++) {
        double want = p->x[p->steps * p->length + i];

        if (!(fabs((double)w[i] - want) <= tolerance()))
            status = TALLY_FAIL(MISMATCH, "weight %zu is %.17g, golden %.17g", i,
                                (double)w[i], want);
    }
    free(w);
    tally_exchange_close(&x);
    tally_rule_close(&rule);
    tally_layout_close(&layout);
    return status;
}

static void replay_file(const char *file, const char *vote)
{
    json_t *json = golden_open(file);
    size_t n, votes;
    char comm[32];
    replay p = {.vote = vote,
                .rate = golden_number(json, "hyper.lr", 0),
                .beta = golden_number(json, "hyper.beta", 0),
                .decay = golden_number(json, "hyper.weight_decay", 0),
                .workers = (size_t)golden_number(json, "hyper.workers", 0)};

    p.g = golden_numbers(golden_at(json, "g"), &n);
    p.vote_values = golden_numbers(golden_at(json, "vote"), &votes);
    p.steps = json_array_size(golden_at(json, "vote"));
    p.length = votes / p.steps;
    p.x = golden_numbers(golden_at(json, "x"), &n);
    snprintf(comm, sizeof comm, "sim:ranks=%zu", p.workers);
    expect_ok(tally_launch(comm, replay_body, &p));
    free(p.g);
    free(p.vote_values);
    free(p.x);
    json_decref(json);
}

/* Zero ballots abstain and ties move nothing: votes of -1, 0 and 1. */
Test(vote, replays_the_golden_ternary_vote)
{
    replay_file("majority_vote.a", "vote:zero=skip,tie=zero");
    replay_file("majority_vote.b", "vote:zero=skip,tie=zero");
}

/* The official packing: one bit, zeros and ties are +1. */
Test(vote, replays_the_golden_one_bit_vote)
{
    replay_file("majority_vote_1bit.a", "vote:zero=plus,tie=plus");
    replay_file("majority_vote_1bit.b", "vote:zero=plus,tie=plus");
}

enum { COINS = 64 * 1000 };

/* Two ranks that disagree everywhere: every coordinate is a tie. */
static tally_status tie_body(tally_comm *c, void *context)
{
    static const size_t length = COINS;
    tally_layout layout = {0};
    tally_span plan = {0, length};
    tally_exchange x = {0};
    tally_real *v = calloc(length, sizeof *v);
    double *sum = context;

    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_open(&x, "vote:tie=coin", c, &layout, &plan, 1, 5));
    for (size_t i = 0; i < length; i++)
        v[i] = c->rank ? 1 : -1;
    TALLY_TRY(tally_exchange_all(&x, 1, v));
    for (size_t i = 0; i < length && c->rank == 0; i++)
        *sum += (double)v[i];
    free(v);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return TALLY_OK;
}

/* The sum of n fair coins has deviation sqrt(n); six of them are never seen. */
Test(vote, coins_of_ties_are_fair)
{
    double sum = 0;

    expect_ok(tally_launch("sim:ranks=2", tie_body, &sum));
    cr_assert(lt(dbl, fabs(sum), 6 * sqrt(COINS)));
}

Test(vote, sends_a_32nd_of_what_a_ring_sends)
{
    static const size_t length = 15 * 64 * 100;
    uint64_t vote = tally_sharded_bytes(3, 15, length / 64, 8, 8);
    uint64_t ring =
        tally_sum_bytes(&(tally_comm){.size = 15}, TALLY_SUM_RING, 3, length);

    cr_assert(eq(u64, vote * 8 * sizeof(tally_real), ring));
}

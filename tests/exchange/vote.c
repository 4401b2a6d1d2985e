/* vote.c — the majority vote against its golden values, and its coins. */

#include "tally/exchange.h"
#include "tally/rule.h"

#include "exchange/cases.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- forms and weights ---- */

enum { LENGTH_MOST = 1000, SPAN = 128 };

static uint64_t weight_of(int rank)
{
    return ((uint64_t)rank * 7 + 3) % 5 + (rank == 2 ? 1000 : 0);
}

typedef struct poll {
    const char *form, *policy;
    size_t length;
    bool weighted;
} poll;

/* What the dullest count says: minus, zero or plus one for what a vote's policy fixes,
 * 2 where a coin falls. */
static int counted(const poll *q, int size, uint64_t round, size_t i)
{
    bool skip = strstr(q->policy, "zero=skip") != NULL,
         coin = strstr(q->policy, "zero=coin") != NULL;
    long sum = 0;

    for (int r = 0; r < size; r++) {
        tally_real v = exchange_case_value(r, round, i);
        long weight = q->weighted ? (long)weight_of(r) : 1;

        if (coin && v == 0) return 2;
        sum += v < 0 ? -weight : v > 0 || !skip ? weight : 0;
    }
    if (sum != 0) return sum < 0 ? -1 : 1;
    return strstr(q->policy, "tie=zero") ? 0 : strstr(q->policy, "tie=plus") ? 1 : 2;
}

static tally_status open_poll(tally_exchange *x, tally_comm *c, const poll *q,
                              const tally_layout *layout, const tally_span *plan,
                              size_t spans)
{
    char spec[256];
    size_t at =
        (size_t)snprintf(spec, sizeof spec, "vote:form=%s,%s", q->form, q->policy);

    for (int r = 0; r < c->size && q->weighted; r++)
        at += (size_t)snprintf(spec + at, sizeof spec - at, "%s%llu",
                               r ? "x" : ",weights=", (unsigned long long)weight_of(r));
    return tally_exchange_open(x, spec, c, layout, plan, spans, 5);
}

/* Two rounds, since tie=previous remembers; *v: the last verdict. */
static tally_status hold(tally_comm *c, const poll *q, tally_real *v)
{
    tally_layout layout = {0};
    tally_exchange x = {0};
    tally_span plan[LENGTH_MOST / SPAN + 1];
    size_t spans = 0;
    tally_status status = TALLY_OK;

    for (size_t at = 0; at < q->length; at += SPAN)
        plan[spans++] = (tally_span){at, q->length - at < SPAN ? q->length - at : SPAN};
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &q->length));
    TALLY_TRY(open_poll(&x, c, q, &layout, plan, spans));
    for (uint64_t round = 0; !status && round < 2; round++) {
        uint64_t before = c->traffic[TALLY_EXCHANGE].bytes_sent;

        for (size_t i = 0; i < q->length; i++)
            v[i] = exchange_case_value(c->rank, round, i);
        TALLY_TRY(tally_exchange_all(&x, round, v));
        if (c->traffic[TALLY_EXCHANGE].bytes_sent - before !=
            tally_exchange_wire(&x, 0))
            status = TALLY_FAIL(MISMATCH, "other bytes than announced");
        for (size_t i = 0; !status && i < q->length; i++) {
            int want = counted(q, c->size, round, i);

            if (want != 2 && (int)v[i] != want)
                status = TALLY_FAIL(MISMATCH, "value %zu is %g, not %d", i,
                                    (double)v[i], want);
        }
    }
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return status;
}

/* Where coins fall, and from one round to the next, the forms must agree too. */
static tally_status forms_body(tally_comm *c, void *context)
{
    static const char *const forms[] = {"sharded", "server", "hier"};
    static const char *const policies[] = {"zero=coin,tie=coin", "zero=plus,tie=coin",
                                           "zero=skip,tie=zero",
                                           "zero=skip,tie=previous"};
    static const size_t lengths[] = {1, 7, 63, 64, 65, LENGTH_MOST};
    tally_real first[LENGTH_MOST], v[LENGTH_MOST];

    (void)context;
    for (size_t k = 0; k < 2 * 4 * 6; k++) {
        poll q = {.policy = policies[k % 4],
                  .length = lengths[k / 4 % 6],
                  .weighted = k >= 4 * 6};

        for (size_t f = 0; f < 3; f++) {
            q.form = forms[f];
            tally_status status = hold(c, &q, f ? v : first);
            if (!status && f && memcmp(v, first, q.length * sizeof *v) != 0)
                status = TALLY_FAIL(MISMATCH, "not what form=sharded says");
            if (status)
                return TALLY_FAIL(MISMATCH, "%d ranks, form=%s,%s%s, length %zu: %s",
                                  c->size, q.form, q.policy,
                                  q.weighted ? ",weights" : "", q.length,
                                  tally_error_sentence());
        }
    }
    return TALLY_OK;
}

/* On nodes of one size, of several, and on one node. */
Test(vote, forms_and_weights_count_alike)
{
    static const int sizes[] = {1, 2, 3, 5, 8, 13}, nodes[] = {0, 2, 3};
    char comm[64];

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t k = 0; k < sizeof nodes / sizeof *nodes; k++) {
            snprintf(comm, sizeof comm, "sim:ranks=%d,node=%d,rendezvous=%s", sizes[s],
                     nodes[k], k % 2 ? "true" : "false");
            expect_ok(tally_launch(comm, forms_body, NULL));
        }
}

static tally_status open_with(tally_comm *c, void *context)
{
    static const size_t length = 64;
    static const tally_span plan = {0, 64};
    tally_layout layout = {0};
    tally_exchange x = {0};

    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    tally_status status = tally_exchange_open(&x, context, c, &layout, &plan, 1, 1);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return status;
}

Test(vote, refuses_weights_that_decide_nothing)
{
    char few[] = "vote:weights=1x2", none[] = "vote:weights=0x0x0",
         heavy[] = "vote:weights=1000000000x1000000000x1000000000";

    expect_fail(tally_launch("sim:ranks=3", open_with, few), OPTION,
                "2 weights for 3 ranks");
    expect_fail(tally_launch("sim:ranks=3", open_with, none), OPTION,
                "every weight is 0");
    expect_fail(tally_launch("sim:ranks=3", open_with, heavy), OPTION,
                "add up to 3000000000, at most 2147483648");
}

/* ---- bytes ---- */

/* What each of 15 ranks says that it will send of ResNet-50's 25,557,032 weights; that
 * it sends just so is tested with all exchanges. */
enum { RANKS = 15, WEIGHTS = 25557032 };

typedef struct wired {
    const char *spec;
    uint64_t bytes[RANKS];
} wired;

static tally_status predict(tally_comm *c, void *context)
{
    wired *w = context;
    size_t count = WEIGHTS;
    tally_layout layout = {0};
    tally_span plan = {0, count};
    tally_exchange x = {0};

    expect_ok(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &count));
    expect_ok(tally_exchange_open(&x, w->spec, c, &layout, &plan, 1, 1));
    w->bytes[c->rank] = tally_exchange_wire(&x, 1);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return TALLY_OK;
}

/* 5.96 MB a rank and step.  A shard is padded to whole words, here by 0.001 %. */
Test(vote, sends_a_32nd_of_what_a_ring_sends)
{
    wired vote = {.spec = "vote"};
    uint64_t most = 0, sum = 0, ring = 0;

    expect_ok(tally_launch("sim:ranks=15", predict, &vote));
    for (int r = 0; r < RANKS; r++) {
        if (vote.bytes[r] > most) most = vote.bytes[r];
        sum += vote.bytes[r];
        ring +=
            tally_sum_bytes(&(tally_comm){.size = RANKS}, TALLY_SUM_RING, r, WEIGHTS);
    }
    cr_assert(eq(u64, most, 5963320)); /* 8 (399329 - 26622 + 14 x 26622) */
    cr_assert(ge(u64, sum * 8 * sizeof(tally_real), ring));
    cr_assert(le(dbl, (double)(sum * 8 * sizeof(tally_real)), 1.00002 * (double)ring));
}

/* As published: a ballot from each worker, a verdict from the server to each. */
Test(vote, a_server_sends_what_the_paper_says)
{
    wired server = {.spec = "vote:form=server"};
    uint64_t ballot = (WEIGHTS + 63) / 64 * 8;

    expect_ok(tally_launch("sim:ranks=15", predict, &server));
    cr_assert(eq(u64, server.bytes[0], 14 * ballot));
    for (int r = 1; r < RANKS; r++)
        cr_assert(eq(u64, server.bytes[r], ballot));
}

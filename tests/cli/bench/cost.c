/* The formulas of cost.c against the clock of sim: each exchange in earnest, with all
 * ranks at the start at one moment and nothing computed. */

#include "cli/bench/step.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALPHA, BETA, NEAR_ALPHA, NEAR_BETA };

static const double lines[] = {50e-6, 8e-9, 0.5e-6, 1e-10};

typedef struct trial {
    const char *spec, *codec;
    size_t values;
    double seconds; /* of the slowest rank */
} trial;

static tally_status exchange(tally_comm *c, void *context)
{
    trial *t = context;
    tally_layout layout = {0};
    tally_span plan = {0, t->values};
    tally_exchange x = {.codec = t->codec};
    tally_real *v = calloc(t->values, sizeof *v);

    cr_assert(v != NULL);
    expect_ok(tally_layout_add(&layout, "v", TALLY_WEIGHT, 1, &t->values));
    expect_ok(tally_exchange_open(&x, t->spec, c, &layout, &plan, 1, 1));
    expect_ok(tally_barrier(c));
    tally_spend(c, 1 - tally_now(c));
    expect_ok(tally_exchange_all(&x, 0, v));
    t->seconds = fmax(t->seconds, tally_now(c) - 1);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    free(v);
    return TALLY_OK;
}

static double on_sim(const bench_cluster *c, const char *spec, const char *codec,
                     size_t values)
{
    trial t = {.spec = spec, .codec = codec, .values = values};
    char sim[256];

    snprintf(sim, sizeof sim,
             "sim:ranks=%d,node=%d,alpha=%.17g,beta=%.17g,alpha_node=%.17g,beta_node=%."
             "17g",
             c->ranks, c->node, lines[ALPHA], lines[BETA], lines[NEAR_ALPHA],
             lines[NEAR_BETA]);
    expect_ok(tally_launch(sim, exchange, &t));
    return t.seconds;
}

static bench_cluster cluster(int ranks, int node)
{
    return (bench_cluster){
        .ranks = ranks,
        .node = node,
        .line = {{lines[NEAR_ALPHA], lines[NEAR_BETA]}, {lines[ALPHA], lines[BETA]}},
        .own_links = true
    };
}

static void expect_within(double formula, double sim, double share, const char *what,
                          const bench_cluster *c)
{
    cr_assert(fabs(formula - sim) <= share * sim,
              "%s, %d ranks, %d on a node: formula %.9g s, sim %.9g s", what, c->ranks,
              c->node, formula, sim);
}

/* What the clock of sim rounds away. */
static const double exact = 1e-9;

static const struct {
    const char *spec;
    tally_sum_algorithm how;
} sums[] = {
    {"allreduce:algorithm=ring",    TALLY_SUM_RING   },
    {"allreduce:algorithm=halving", TALLY_SUM_HALVING},
    {"allreduce:algorithm=tree",    TALLY_SUM_TREE   },
    {"allreduce:algorithm=hier",    TALLY_SUM_HIER   }
};

static void compare_sum(int k, int ranks, int node, size_t values, double share)
{
    bench_cluster c = cluster(ranks, node);

    expect_within(bench_cost_sum(&c, sums[k].how, values),
                  on_sim(&c, sums[k].spec, NULL, values), share, sums[k].spec, &c);
}

Test(bench_cost, sums_of_a_rank_a_node_are_exact)
{
    static const size_t values[] = {1 << 8, 1 << 16};

    for (int k = 0; k < 4; k++)
        for (int ranks = 2; ranks <= 16; ranks *= 2)
            for (size_t i = 0; i < sizeof values / sizeof *values; i++)
                compare_sum(k, ranks, 1, values[i], exact);
    compare_sum(0, 3, 1, 3 * 1000, exact);
    compare_sum(0, 7, 1, 7 * 1000, exact);
}

/* Blocks of 2 and of 10 segments: fewer and more than may be under way. */
Test(bench_cost, rings_of_segments_are_exact)
{
    size_t segment = (256 << 10) / sizeof(tally_real);

    compare_sum(0, 4, 1, 4 * 2 * segment, exact);
    compare_sum(0, 2, 1, 2 * 10 * segment, exact);
    compare_sum(3, 4, 2, 4 * 3 * segment, exact);
}

Test(bench_cost, sums_of_several_ranks_a_node_are_exact)
{
    for (int node = 2; node <= 8; node *= 2) {
        compare_sum(1, 16, node, 1 << 14, exact);
        compare_sum(2, 16, node, 1 << 14, exact);
        compare_sum(3, 16, node, 1 << 14, exact);
        compare_sum(3, 16, node, 1 << 17, exact);
        compare_sum(0, 16, node, 1 << 8, exact);
        compare_sum(0, 16, node, 1 << 16, exact);
    }
    compare_sum(0, 6, 6, 6 * 1000, exact);
    compare_sum(3, 12, 3, 12 * 1000, exact);
}

Test(bench_cost, other_counts_of_ranks_are_near)
{
    static const int ranks[] = {3, 5, 6, 7, 12};

    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        compare_sum(1, ranks[i], 1, 1 << 14, 0.34);
        compare_sum(2, ranks[i], 1, 1 << 14, 0.34);
    }
}

/* Who sends to all others reserves their links one after the other, and sim serves a
 * link in the order of the reservations: it may lie idle until one that was made early
 * for later.  A link that n - 1 messages want is busy for n - 1 of them, and lies idle
 * for n - 2 at most. */
static void expect_meeting(double formula, double sim, const char *what,
                           const bench_cluster *c)
{
    double bytes = formula - 2 * lines[ALPHA];
    double most = bytes * (2 * c->ranks - 3) / (c->ranks - 1) + 2 * lines[ALPHA];

    cr_assert(sim >= formula * (1 - exact) && sim <= most * (1 + exact),
              "%s, %d ranks: formula %.9g s to %.9g s, sim %.9g s", what, c->ranks,
              formula, most, sim);
}

/* 64 signs a word; words that divide by the ranks. */
Test(bench_cost, votes_by_shards_are_exact_or_within_what_sim_leaves_idle)
{
    for (int ranks = 2; ranks <= 16; ranks += 7) {
        bench_cluster c = cluster(ranks, 1);
        double formula = bench_cost_sharded(&c, 8 * 50, 8 * 50);
        double sim = on_sim(&c, "vote", NULL, 64 * 50 * (size_t)ranks);

        if (ranks == 2) expect_within(formula, sim, exact, "vote", &c);
        expect_meeting(formula, sim, "vote", &c);
    }
}

Test(bench_cost, votes_at_a_server_are_exact)
{
    for (int ranks = 2; ranks <= 16; ranks += 7) {
        bench_cluster c = cluster(ranks, 1);

        expect_within(bench_cost_server(&c, 8 * 500, 8 * 500),
                      on_sim(&c, "vote:form=server", NULL, 64 * 500), exact,
                      "vote:form=server", &c);
    }
}

/* Two nodes of two: nobody has two to send to. */
Test(bench_cost, votes_by_node_are_exact)
{
    bench_cluster c = cluster(4, 2);

    expect_within(bench_cost_vote_hier(&c, 400),
                  on_sim(&c, "vote:form=hier", NULL, 64 * 400), exact, "vote:form=hier",
                  &c);
}

Test(bench_cost, votes_of_several_ranks_a_node_are_near)
{
    for (int node = 2; node <= 4; node++) {
        bench_cluster c = cluster(4 * node, node);
        size_t words = 500 * (size_t)c.ranks;

        expect_meeting(bench_cost_sharded(&c, 8 * 500, 8 * 500),
                       on_sim(&c, "vote", NULL, 64 * words), "vote", &c);
        expect_within(bench_cost_server(&c, 8 * (double)words, 8 * (double)words),
                      on_sim(&c, "vote:form=server", NULL, 64 * words), 0.1,
                      "vote:form=server", &c);
    }
}

Test(bench_cost, gathers_are_exact_or_within_what_sim_leaves_idle)
{
    for (int ranks = 2; ranks <= 5; ranks += 3) {
        bench_cluster c = cluster(ranks, 1);
        size_t values = 1000 * (size_t)ranks;
        double sharded = bench_cost_sharded(&c, 2 * 1000, 4 * 1000),
               all = 2 * bench_cost_all(&c, 2 * (double)values),
               sim = on_sim(&c, "gather:form=sharded", "bf16", values),
               sim_all = 2 * on_sim(&c, "gather:form=all", "bf16", values);

        if (ranks == 2) expect_within(sharded, sim, exact, "gather:form=sharded", &c);
        if (ranks == 2) expect_within(all, sim_all, exact, "gather:form=all", &c);
        expect_meeting(sharded, sim, "gather:form=sharded", &c);
        expect_meeting(all, sim_all, "gather:form=all, twice", &c);
    }
}

/* Messages of randk are added on their way, which the choice of form prefers. */
Test(bench_cost, gathers_of_messages_that_add_up_are_sums)
{
    bench_cluster c = cluster(4, 1);
    bench_plan plan = {.values = 8000, .batch = 1, .compute = 1, .coded = true};
    bench_step steps[BENCH_STEPS_MOST];

    expect_ok(tally_codec_open(&plan.codec, "randk:k=0.5", plan.values, 1, 0));
    int count = bench_steps(&plan, &c, c.ranks, steps), k = 0;
    while (k < count && strcmp(steps[k].name, "gather") != 0)
        k++;
    cr_assert(k < count);
    expect_within(steps[k].exchange, on_sim(&c, "gather", "randk:k=0.5", plan.values),
                  exact, "gather of randk", &c);
    tally_codec_close(&plan.codec);
}

/* Ranks of a node that share its link: what leaves the node takes m times as long. */
Test(bench_cost, a_shared_link_carries_what_all_ranks_of_a_node_send)
{
    bench_cluster own = cluster(16, 4), shared = own, slower = own;

    shared.own_links = false;
    slower.line[BENCH_NETWORK].beta *= 4;
    cr_assert(epsilon_eq(dbl, bench_cost_all(&shared, 1e6),
                         bench_cost_all(&slower, 1e6), 1e-12));
    /* One rank of a node sends out of it in a ring, and in a tree. */
    cr_assert(epsilon_eq(dbl, bench_cost_sum(&shared, TALLY_SUM_RING, 1 << 16),
                         bench_cost_sum(&own, TALLY_SUM_RING, 1 << 16), 1e-12));
    cr_assert(epsilon_eq(dbl, bench_cost_sum(&shared, TALLY_SUM_TREE, 1 << 16),
                         bench_cost_sum(&own, TALLY_SUM_TREE, 1 << 16), 1e-12));
    cr_assert(bench_cost_sum(&shared, TALLY_SUM_HIER, 1 << 16) <
              bench_cost_sum(&shared, TALLY_SUM_RING, 1 << 16));
}

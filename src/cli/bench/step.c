/* step.c — a step of every exchange, on ranks that are not there.
 *
 *     step       = computing + work + exchange
 *                  lockstep: what the backward pass hides is not taken off
 *     overlapped = work + max(computing, computing / 3 + exchange)
 *                  when all of the backward pass hides what it can
 *
 *     computing    a step on one rank; of a share s of its batch (--scaling strong:
 *                  1/n, rounded up to whole samples) so much less as the rates of
 *                  products and of memory say:
 *                  flops s / products + (sample bytes s + weight bytes) / memory,
 *                  for the weights are read and moved for one sample as for all
 *     work         what the exchange computes on one rank alone: coding, counting,
 *                  products.  Not the adding of sums
 *     exchange     by the formulas of cost.c
 */

#include "cli/bench/step.h"

#include "num/bits.h"

#include <math.h>
#include <stdlib.h>

static double by_ring(const bench_plan *p, const bench_cluster *c)
{
    return bench_cost_sum(c, TALLY_SUM_RING, p->values);
}

static double by_halving(const bench_plan *p, const bench_cluster *c)
{
    return bench_cost_sum(c, TALLY_SUM_HALVING, p->values);
}

static double by_tree(const bench_plan *p, const bench_cluster *c)
{
    return bench_cost_sum(c, TALLY_SUM_TREE, p->values);
}

static bool is_hierarchy(const bench_cluster *c)
{
    return c->node > 1 && c->node < c->ranks;
}

static double by_hier(const bench_plan *p, const bench_cluster *c)
{
    return is_hierarchy(c) ? bench_cost_sum(c, TALLY_SUM_HIER, p->values) : (double)NAN;
}

static double by_vote(const bench_plan *p, const bench_cluster *c)
{
    size_t words = tally_bits_words(p->values);
    double shard = 8 * (double)tally_sharded_shard(0, c->ranks, words).count;

    return bench_cost_sharded(c, shard, shard);
}

static double by_vote_server(const bench_plan *p, const bench_cluster *c)
{
    double bytes = 8 * (double)tally_bits_words(p->values);

    return bench_cost_server(c, bytes, bytes);
}

static double by_vote_hier(const bench_plan *p, const bench_cluster *c)
{
    return is_hierarchy(c) ? bench_cost_vote_hier(c, tally_bits_words(p->values))
                           : (double)NAN;
}

/* As form=auto: a sum where messages can be added, else what sends fewer bytes. */
static double by_gather(const bench_plan *p, const bench_cluster *c)
{
    if (!p->coded) return (double)NAN;
    if (p->codec.ops->summable) {
        size_t kept = tally_codec_bound(&p->codec, p->values) / sizeof(tally_real);

        return bench_cost_sum(c, bench_cost_auto(c, kept), kept);
    }
    size_t shard = tally_sharded_shard(0, c->ranks, p->values).count;
    double up = (double)tally_codec_bound(&p->codec, shard);
    double down = (double)(shard * sizeof(float)); /* back=full */
    double all = (double)tally_codec_bound(&p->codec, p->values);

    return all < up + down ? bench_cost_all(c, all) : bench_cost_sharded(c, up, down);
}

static double by_powersgd(const bench_plan *p, const bench_cluster *c)
{
    return bench_cost_sum(c, bench_cost_auto(c, p->p), p->p) +
           bench_cost_sum(c, bench_cost_auto(c, p->q), p->q);
}

typedef struct contender {
    const char *name;
    double (*cost)(const bench_plan *p, const bench_cluster *c); /* NAN: not there */
    int work;                                                    /* which of a plan's */
    bool whole; /* nothing of it can hide behind the backward pass */
} contender;

static const contender contenders[] = {
    {"allreduce:algorithm=ring",    by_ring,        BENCH_NONE,     false},
    {"allreduce:algorithm=halving", by_halving,     BENCH_NONE,     false},
    {"allreduce:algorithm=tree",    by_tree,        BENCH_NONE,     false},
    {"allreduce:algorithm=hier",    by_hier,        BENCH_NONE,     false},
    {"vote",                        by_vote,        BENCH_VOTE,     false},
    {"vote:form=server",            by_vote_server, BENCH_VOTE,     false},
    {"vote:form=hier",              by_vote_hier,   BENCH_VOTE,     false},
    {"gather",                      by_gather,      BENCH_GATHER,   false},
    {"powersgd",                    by_powersgd,    BENCH_POWERSGD, true },
};

enum { CONTENDERS = sizeof contenders / sizeof *contenders };

double bench_load_seconds(const bench_load *l, const bench_core *core, double share)
{
    return l->flops * share / core->products +
           (l->sample_bytes * share + l->weight_bytes) / core->memory;
}

/* Of the one of so many ranks that has most of the batch which they share. */
static double compute_of(const bench_plan *p, int ranks)
{
    double share = ceil(p->batch / ranks) / p->batch;

    if (!p->strong) return p->compute;
    if (!(p->load.flops > 0)) return p->compute * share;
    return p->compute * bench_load_seconds(&p->load, &p->core, share) /
           bench_load_seconds(&p->load, &p->core, 1);
}

/* Samples of a step of so many ranks. */
static double samples_of(const bench_plan *p, int ranks)
{
    return p->strong ? p->batch : ranks * p->batch;
}

/* False: this exchange is not there. */
static bool predict(const bench_plan *p, const bench_cluster *c, const contender *o,
                    bench_step *of)
{
    double compute = compute_of(p, c->ranks), work = p->work[o->work];
    double exchange = c->ranks == 1 ? 0 : o->cost(p, c);

    *of = (bench_step){.name = o->name, .exchange = exchange, .work = work};
    of->step = compute + work + exchange;
    of->overlapped = work + fmax(compute, compute / 3 + exchange);
    if (o->whole) of->overlapped = (double)NAN;
    of->samples = samples_of(p, c->ranks) / of->step;
    return !isnan(exchange);
}

/* A worker less; its gradients do not wait for each other. */
static bench_step predict_server(const bench_plan *p, const bench_cluster *c)
{
    int workers = c->ranks - 1;
    double compute = compute_of(p, workers);
    double step =
        bench_cost_async(c, compute, (double)(p->values * sizeof(tally_real)));

    return (bench_step){.name = "server, asynchronous",
                        .exchange = step - compute,
                        .step = step,
                        .overlapped = (double)NAN,
                        .samples = samples_of(p, workers) / step};
}

static int by_samples(const void *a, const void *b)
{
    double x = ((const bench_step *)a)->samples, y = ((const bench_step *)b)->samples;

    return (x < y) - (x > y);
}

int bench_steps(const bench_plan *p, const bench_cluster *like, int ranks,
                bench_step steps[BENCH_STEPS_MOST])
{
    bench_cluster c = *like;
    int count = 0;

    c.ranks = ranks;
    if (c.node == 0 || c.node > ranks) c.node = ranks;
    for (int k = 0; k < CONTENDERS; k++)
        count += predict(p, &c, &contenders[k], &steps[count]);
    if (ranks > 1) steps[count++] = predict_server(p, &c);
    qsort(steps, (size_t)count, sizeof *steps, by_samples);
    return count;
}

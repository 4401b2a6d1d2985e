/* plan.c — what is to be trained, measured on one rank.
 *
 *     computing   the median step of a run; what it asks of a core: operations, and
 *                 bytes of samples and of weights
 *     core        the rates of products and of memory
 *     work        what each exchange computes, on one rank alone
 *
 * Every rank measures by itself and all do at once, as they will compute; the slowest
 * counts. */

#include "cli/bench/plan.h"

#include "cli/bench/bench.h"
#include "comm/comm.h"
#include "exchange/exchange.h"
#include "run/config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPEATS = 5,
    BYTES = 32 << 20 /* that no cache of a core holds */
};

typedef struct planner {
    const bench_given *given;
    const json_t *options;
    tally_comm *comm, *alone; /* alone: this rank by itself; owned */
    const char *codec;        /* of exchange gather */
    bench_plan *plan;
} planner;

static tally_status measure_work(planner *m, const tally_run *run, const char *spec,
                                 const char *codec, double *seconds)
{
    const tally_layout *layout = &run->f->layout;
    tally_span all = {0, layout->length};
    tally_exchange x = {.codec = codec};
    tally_real *v = tally_allocate(layout->length, sizeof *v);
    double times[REPEATS];
    tally_status status =
        v ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %zu values", layout->length);

    if (!status) status = tally_exchange_open(&x, spec, m->alone, layout, &all, 1, 1);
    for (uint64_t i = 0; i < REPEATS && !status; i++) {
        memcpy(v, run->w, layout->length * sizeof *v);
        double begin = tally_now(m->alone);
        status = tally_exchange_all(&x, i, v);
        times[i] = tally_now(m->alone) - begin;
    }
    if (!status) *seconds = bench_summary(times, REPEATS).median;
    tally_exchange_close(&x);
    free(v);
    return status;
}

static tally_status measure_all_work(planner *m, const tally_run *run)
{
    bench_plan *p = m->plan;
    char powersgd[64];

    if (m->given->bare) return TALLY_OK;
    snprintf(powersgd, sizeof powersgd, "powersgd:rank=%llu",
             (unsigned long long)m->given->factors);
    TALLY_TRY(measure_work(m, run, "vote", NULL, &p->work[BENCH_VOTE]));
    TALLY_TRY(measure_work(m, run, powersgd, NULL, &p->work[BENCH_POWERSGD]));
    if (!p->coded) return TALLY_OK;
    return measure_work(m, run, "gather", m->codec, &p->work[BENCH_GATHER]);
}

/* The gradient as the objective says; the rule reads it, and reads and writes the
 * weights and what it keeps of each. */
static bench_load load_of(const tally_run *run)
{
    const tally_objective *f = run->f;
    tally_samples all = {.count = (size_t)run->options->batch}, none = {0};
    double times = (double)run->options->accumulate,
           rule = 3 * (double)(f->layout.length * sizeof(tally_real));

    if (!f->ops->cost) return (bench_load){0};
    for (size_t i = 0; i < run->rule.state.count; i++)
        rule += 2 * (double)run->rule.state.bytes[i];
    tally_cost of_all = f->ops->cost(f, all), of_none = f->ops->cost(f, none);
    return (bench_load){.flops = times * of_all.flops,
                        .sample_bytes = times * (of_all.bytes - of_none.bytes),
                        .weight_bytes = times * of_none.bytes + rule};
}

/* Simulated ranks share a core: one of them measures it. */
static tally_status measure_core(planner *m)
{
    bench_memory memory = {.read = (double)INFINITY};
    double products = (double)INFINITY;

    if (!m->comm->ops->spend || m->comm->rank == 0) {
        TALLY_TRY(bench_memory_measure(BYTES, &memory));
        TALLY_TRY(bench_product_measure(1024, bench_now, &products));
    }
    m->plan->core = (bench_core){products, memory.read};
    return TALLY_OK;
}

static tally_status look_at(planner *m, tally_run *run)
{
    bench_plan *p = m->plan;

    TALLY_TRY(tally_config_take(run, m->options, NULL));
    TALLY_TRY(tally_run_set(run, "exchange", "allreduce"));
    m->codec = json_string_value(json_object_get(m->options, "codec"));
    TALLY_TRY(tally_run_set(run, "codec", "fp32"));
    TALLY_TRY(tally_run_open(run, m->alone));
    p->values = run->f->layout.length;
    p->strong = m->given->strong;
    p->batch = (double)(run->options->batch * run->options->accumulate);
    p->coded = strcmp(m->codec, "fp32") != 0;
    TALLY_TRY(tally_codec_open(&p->codec, m->codec, p->values, 1, 0));
    tally_powersgd_lengths(&run->f->layout, (size_t)m->given->factors, &p->p, &p->q);
    TALLY_TRY(measure_all_work(m, run));
    p->load = load_of(run);
    TALLY_TRY(measure_core(m));
    p->compute = m->given->compute;
    if (!isnan(p->compute)) return TALLY_OK;
    TALLY_TRY(tally_run_train(run));
    p->compute = run->result.step_median_seconds;
    return TALLY_OK;
}

/* What the slowest rank has. */
static tally_status agree_on_least(tally_comm *c, bench_plan *p)
{
    double mine[] = {1 / p->compute, p->core.products, p->core.memory};
    double(*all)[3] = calloc((size_t)c->size, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d ranks", c->size);

    status = tally_agree(c, status);
    if (!status) status = tally_gather_all(c, mine, sizeof mine, all);
    for (int r = 0; !status && r < c->size; r++)
        for (int k = 0; k < 3; k++)
            mine[k] = fmin(mine[k], all[r][k]);
    free(all);
    p->compute = 1 / mine[0];
    p->core = (bench_core){mine[1], mine[2]};
    return status;
}

/* Computing that was measured here, on the cores that are given. */
static void move_to_core(planner *m)
{
    bench_plan *p = m->plan;
    bench_core here = p->core, there = m->given->core;

    if (!isnan(there.products)) p->core.products = there.products;
    if (!isnan(there.memory)) p->core.memory = there.memory;
    if (isnan(m->given->compute) && p->load.flops > 0)
        p->compute *= bench_load_seconds(&p->load, &p->core, 1) /
                      bench_load_seconds(&p->load, &here, 1);
}

static tally_status measure(planner *m)
{
    tally_run run = {0};
    tally_status status = look_at(m, &run);

    tally_run_close(&run);
    TALLY_TRY(tally_agree(m->comm, status));
    TALLY_TRY(agree_on_least(m->comm, m->plan));
    move_to_core(m);
    return TALLY_OK;
}

tally_status bench_plan_measure(tally_comm *c, const json_t *options,
                                const bench_given *given, bench_plan *p)
{
    planner m = {.given = given, .options = options, .comm = c, .plan = p};

    TALLY_TRY(tally_comm_split(c, c->rank, 0, &m.alone));
    tally_status status = measure(&m);
    tally_comm_close(m.alone);
    return status;
}

void bench_plan_close(bench_plan *p)
{
    tally_codec_close(&p->codec);
}

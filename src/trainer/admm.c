/* admm.c — training without a gradient of the net: layers alternate, and may be on
 * different ranks.
 *
 *     for each stage (2 layers, 5 layers, ... all)
 *         begin      new layers are the identity, the last one starts anew
 *         iterate    admm/pdadmm.c, admm/dladmm.c or admm/mdlam.c
 *         report     Lagrangian, objective, primal residual: the same on every rank
 *
 * One step of the run is one iteration over all training rows; an epoch, after which
 * the run evaluates and saves, is `every` of them.  The ranks form a pipeline of
 * contiguous blocks of layers.  A sequential method, or more ranks than layers, makes
 * teams: ranks that share a block and deal the rows among themselves.
 *
 * Wang et al. 2021, arXiv:2105.09837; 2019, arXiv:1905.13611; 2018, arXiv:1811.04187.
 * docs/admm.md has the equations, and where we depart from the papers. */

#include "trainer/admm/admm.h"

#include "base/status.h"
#include "comm/trace.h"
#include "trainer/pace.h"
#include "trainer/trainer.h"

#include <math.h>
#include <stdlib.h>

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, admm_options, method, "pdadmm", "pdadmm|dladmm|mdlam",
                 "all layers at once, or a sweep through them"),
    TALLY_OPTION(REAL, admm_options, nu, NULL, "(0, inf)",
                 "weight of |z - W p - b|^2 and |q - f(z)|^2; none: 0.01, of dladmm "
                 "0.001; mdlam has rho there"),
    TALLY_OPTION(REAL, admm_options, rho, NULL, "(0, inf)",
                 "weight of the constraint; above 4 nu pdadmm never rises; none: 0.05, "
                 "of dladmm and mdlam 0.001"),
    TALLY_OPTION(REAL, admm_options, mu, NULL, "[0, inf)",
                 "ridge: mu/2 |W|^2; none: 0.1, of dladmm 0, of mdlam 0.05"),
    TALLY_OPTION(SIZES, admm_options, grow, "2x5x10", "[1, 1024]",
                 "pdadmm: layers of each stage, before all; none: all at once"),
    TALLY_OPTION(SIZES, admm_options, iterations, "100x50x100", "[1, 1000000000]",
                 "of each stage; the last stands for all that follow"),
    TALLY_OPTION(CHOICE, admm_options, quantize, "none", "none|p|pq|q",
                 "pdadmm: what lies on a grid and travels as codes"),
    TALLY_OPTION(COUNT, admm_options, bits, "8", "[1, 16]", "of a code: 2^bits levels"),
    TALLY_OPTION(COUNT, admm_options, levels, "0", "[0, 65536]",
                 "how many levels instead, such as 22 from -1 to 20; 0: by bits"),
    TALLY_OPTION(REAL, admm_options, low, "0", "(-inf, inf)", "the lowest level"),
    TALLY_OPTION(REAL, admm_options, high, "3.984375", "(-inf, inf)",
                 "the highest level"),
    TALLY_OPTION(REAL, admm_options, deviation, NULL, "[0, inf)",
                 "of the first W and b; 0: as the model draws them; none: 0.1, of "
                 "dladmm 0"),
    TALLY_OPTION(REAL, admm_options, first, NULL, "[0, inf)",
                 "of the first W of layer 1; 0: deviation; none: 0.01, of dladmm and "
                 "mdlam 0"),
    TALLY_OPTION(
        CHOICE, admm_options, step, "exact", "exact|double",
        "length: by the curvature along the gradient, or doubled until it fits"),
    TALLY_OPTION(CHOICE, admm_options, variant, "spec", "spec|released",
                 "released: as the authors' program steps, chooses z and raises rho"),
    TALLY_OPTION(REAL, admm_options, eps, "100", "(0, inf)",
                 "mdlam: |a - f(z)| at most, halved every iteration"),
    TALLY_OPTION(REAL, admm_options, eps_least, "0.001", "(0, inf)",
                 "mdlam: down to this"),
    TALLY_OPTION(COUNT, admm_options, refresh, "50", "[1, 1000000000]",
                 "iterations after which W p is computed anew"),
    TALLY_OPTION(COUNT, admm_options, every, "10", "[1, 1000000000]",
                 "iterations an epoch: then metrics, evaluation and a checkpoint"),
    TALLY_OPTION(FLAG, admm_options, check, "false", NULL,
                 "verify at run time what the papers prove; names layer and step"),
    TALLY_OPTION(REAL, admm_options, flops, "1e11", "(0, inf)",
                 "a rank's speed in FLOP/s; read by simulated comms only"),
    TALLY_END,
};

/* All of a rank's run; run->held. */
typedef struct loop {
    admm a;
    admm_options options; /* the run's, and what the method has where it says none */
    int32_t *label;       /* owned */
    admm_growth plan;
    size_t stage; /* of the plan */
    admm_reports reports;
    trainer_pace pace;
} loop;

static const admm_method *const methods[] = {&admm_pdadmm, &admm_dladmm, &admm_mdlam};

static void take_default(double *value, double initial)
{
    if (isnan(*value)) *value = initial;
}

static admm_options options_of(const tally_run *run)
{
    admm_options o = *(const admm_options *)run->trainer_options;
    const admm_defaults *d = &methods[o.method]->defaults;

    take_default(&o.nu, d->nu);
    take_default(&o.rho, d->rho);
    take_default(&o.mu, d->mu);
    take_default(&o.deviation, d->deviation);
    take_default(&o.first, d->first);
    return o;
}

/* ---- ranks ---- */

/* Blocks of layers for as many groups of ranks as there are layers, at most; the ranks
 * of a group share its rows. */
static tally_status deal_ranks(admm *a, const tally_run *run, size_t layers)
{
    int size = run->comm->size;

    a->groups = a->method->sequential ? 1 : size;
    if (a->groups > (int)layers)
        for (a->groups = (int)layers; size % a->groups;)
            a->groups--;
    a->team_size = size / a->groups;
    a->group = run->comm->rank / a->team_size;
    if ((uint64_t)a->team_size > run->sampler.train_count)
        return TALLY_FAIL(OPTION,
                          "trainer admm: %d ranks share a layer, but there are %llu "
                          "training rows",
                          a->team_size, (unsigned long long)run->sampler.train_count);
    return TALLY_OK;
}

/* ---- open and close ---- */

static tally_status open_solver(loop *l, tally_run *run)
{
    admm_shape shapes[ADMM_LAYERS_MOST];
    size_t count;
    admm *a = &l->a;

    a->o = &l->options;
    a->method = methods[a->o->method];
    a->comm = run->comm;
    a->state = &run->trainer_state;
    a->total = (size_t)run->sampler.train_count;
    TALLY_TRY(admm_read_net(run, shapes, &count));
    TALLY_TRY(deal_ranks(a, run, count));
    admm_plan_growth(&l->plan, a->o, shapes, count);
    tally_span share = tally_shard(run->sampler.train_count,
                                   run->comm->rank % a->team_size, a->team_size);

    admm_partition(shapes, count, share.count, a->groups);
    l->label = tally_allocate(share.count, sizeof *l->label);
    if (!l->label) return TALLY_FAIL(MEMORY, "no memory for %zu labels", share.count);
    TALLY_TRY(admm_open(a, shapes, count, share.count, l->label));
    return admm_fetch_samples(a, run, share, l->label);
}

static tally_status snapshot(tally_run *run);

/* run->score */
static tally_status score(tally_run *run, tally_split split, tally_score *to)
{
    loop *l = run->held;

    return admm_evaluate(&l->a, run, split, to);
}

/* Weights that are drawn, or grow layer by layer, are not those of --start. */
static tally_status check_start(const loop *l, const tally_run *run)
{
    const char *start = run->options->start;

    if (!start || run->resume || (l->options.deviation <= 0 && l->plan.stages == 1))
        return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "trainer admm draws its first weights and would not read --start "
                      "%s: take --trainer.deviation 0 --trainer.grow none",
                      start);
}

static tally_status open(tally_run *run)
{
    loop *l = calloc(1, sizeof *l);

    run->held = l;
    if (!l) return TALLY_FAIL(MEMORY, "no memory for trainer admm");
    l->options = options_of(run);
    TALLY_TRY(open_solver(l, run));
    TALLY_TRY(check_start(l, run));
    TALLY_TRY(trainer_pace_open(&l->pace));
    run->snapshot = snapshot;
    run->score = score;
    run->steps_per_epoch = l->options.every;
    run->sampler.batch = run->sampler.train_count; /* a step takes all rows */
    if (run->options->steps == 0) run->steps = l->plan.begins[l->plan.stages];
    return TALLY_OK;
}

static void close(tally_run *run)
{
    loop *l = run->held;

    if (!l) return;
    admm_close_reports(&l->reports);
    admm_close_team(&l->a);
    admm_close(&l->a);
    trainer_pace_close(&l->pace);
    free(l->label);
    free(l);
    run->held = NULL;
}

/* ---- weights ---- */

/* run->w whole on every rank: each layer from its owner. */
static tally_status snapshot(tally_run *run)
{
    const loop *l = run->held;

    if (l->a.groups == 1) return TALLY_OK;
    for (size_t i = 0; i < l->a.count; i++) {
        const admm_layer *layer = &l->a.layers[i];
        int root = layer->owner * l->a.team_size;

        TALLY_TRY(tally_broadcast(run->comm, root, layer->w,
                                  layer->in * layer->out * sizeof *layer->w));
        TALLY_TRY(
            tally_broadcast(run->comm, root, layer->b, layer->out * sizeof *layer->b));
    }
    return TALLY_OK;
}

/* ---- an iteration ---- */

static tally_status begin_stage(loop *l, const tally_run *run)
{
    admm *a = &l->a;
    const admm_growth *plan = &l->plan;
    bool last = l->stage + 1 == plan->stages;
    size_t kept = l->stage ? plan->depth[l->stage - 1] - 1 : 0;

    if (a->method->settle) TALLY_TRY(a->method->settle(a));
    a->scalars->nu = a->o->nu;
    a->scalars->rho = a->o->rho;
    a->scalars->lagrangian = (double)INFINITY;
    a->scalars->cost[0] = a->scalars->cost[1] = (double)INFINITY;
    admm_link(a, plan->depth[l->stage]);
    admm_start_weights(a, run, l->stage, last);
    return admm_begin(a, kept, last ? ADMM_SIGNS : ADMM_ZERO);
}

/* The released code's schedule, which the paper does not tell: when the cost of the net
 * itself fell by less than 0.001 in each of the last two iterations, ten times as much
 * weight, up to 1.  What is under way belongs to the iteration before: both sides of a
 * cut move u by the same rho. */
static tally_status raise_weights(admm *a, tally_run *run, uint64_t iteration)
{
    admm_scalars *k = a->scalars;
    tally_score sum;

    TALLY_TRY(tally_run_score(run, TALLY_TRAIN, &sum));
    double cost = sum.loss_sum / (double)sum.count;
    bool stalls = cost > k->cost[1] - 1e-3 && k->cost[1] > k->cost[0] - 1e-3;

    if (iteration > 2 && stalls) {
        TALLY_TRY(a->method->settle(a));
        k->nu = k->rho = fmin(10 * k->rho, 1);
    }
    k->cost[0] = k->cost[1];
    k->cost[1] = cost;
    return TALLY_OK;
}

static tally_status tell(tally_run *run, const admm *a, const admm_verdict *v)
{
    TALLY_TRY(run->metric(run, "admm/rho", a->scalars->rho));
    TALLY_TRY(run->metric(run, "admm/lagrangian", v->lagrangian));
    TALLY_TRY(run->metric(run, "admm/objective", v->objective));
    return run->metric(run, "admm/residual", v->residual);
}

/* What is neither a message's nor a wait for one is the solver's.  A wait for who is
 * late looks like one for bytes. */
static void account(const loop *l, tally_run *run)
{
    tally_spent *s = &run->spent;

    *s = l->a.spent;
    s->steps = l->pace.seconds;
    s->wire = s->apply = (double)NAN;
    s->exchange = s->encode + s->wait + s->decode;
    s->gradient = s->steps - s->exchange;
}

/* A team's messages are counted apart. */
static void count_bytes(const admm *a, tally_run *run)
{
    tally_traffic *all = &run->comm->traffic[TALLY_EXCHANGE], *ours;

    if (!a->team) return;
    ours = &a->team->traffic[TALLY_EXCHANGE];
    all->bytes_sent += ours->bytes_sent;
    all->sent_away += ours->sent_away;
    ours->bytes_sent = ours->sent_away = 0;
}

static tally_status take_step(loop *l, tally_run *run)
{
    admm *a = &l->a;
    double begin = tally_now(run->comm);
    admm_verdict v = {0};

    tally_trace_turn(run->comm->trace, "start", begin);
    tally_trace_step(run->comm->trace, run->step + 1);
    l->stage = admm_stage_at(&l->plan, run->step);
    if (run->step == l->plan.begins[l->stage]) TALLY_TRY(begin_stage(l, run));
    a->iteration = run->step;
    TALLY_TRY(a->method->iterate(a, run->step));
    admm_solve_for(a, "judge", NULL);
    TALLY_TRY(admm_judge(&l->reports, a, run, &v));
    count_bytes(a, run);
    double end = tally_now(run->comm);
    tally_trace_turn(run->comm->trace, NULL, end);
    tally_trace_add(run->comm->trace, "step", begin, end);
    trainer_pace_add(&l->pace, end - begin);
    account(l, run);
    run->step++;
    TALLY_TRY(tell(run, a, &v));
    if (a->o->variant == ADMM_RELEASED && a->method == &admm_pdadmm)
        TALLY_TRY(raise_weights(a, run, run->step - l->plan.begins[l->stage]));
    tally_score sum = {.loss_sum = v.risk, .count = a->total};

    return run->after_step(run, &sum, (double)NAN, v.stop);
}

/* ---- the loop ---- */

/* Ranks of one block are a team; ranks of one place in their teams are a pipeline. */
static tally_status connect(loop *l, tally_run *run)
{
    admm *a = &l->a;

    if (a->team_size > 1) {
        TALLY_TRY(tally_comm_split(run->comm, a->group, run->comm->rank, &a->team));
        TALLY_TRY(admm_open_team(a));
    }
    TALLY_TRY(admm_open_reports(&l->reports, a));
    l->stage = admm_stage_at(&l->plan, run->step);
    admm_link(a, l->plan.depth[l->stage]);
    return TALLY_OK;
}

static tally_status train(tally_run *run)
{
    loop *l = run->held;
    admm *a = &l->a;
    tally_status status = tally_agree(run->comm, connect(l, run));
    bool resumed = run->step != l->plan.begins[l->stage];

    if (!status && resumed && run->step < run->steps && !a->method->sequential)
        status = admm_meet(a);
    while (status == TALLY_OK && run->step < run->steps)
        status = take_step(l, run);
    if (status != TALLY_OK && status != TALLY_STOPPED) return status;
    tally_trace_do(run->comm, "finish");
    trainer_pace_tell(&l->pace, &run->result);
    if (a->hidden > 0) run->result.overlap = a->hidden / (a->hidden + a->exposed);
    if (status == TALLY_OK) TALLY_TRY(snapshot(run));
    if (a->method->settle) {
        tally_error error;

        tally_error_save(&error);
        TALLY_TRY(a->method->settle(a));
        tally_error_restore(&error);
    }
    return status;
}

const tally_trainer_ops tally_trainer_admm = {
    .about = {.name = "admm",
              .brief = "layers alternate without a gradient, on many ranks at once",
              .paper = "Wang et al. 2021, arXiv:2105.09837",
              .options = options,
              .options_size = sizeof(admm_options)},
    .no_exchange = true,
    .open = open,
    .train = train,
    .close = close,
};

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
#include "base/stop.h"
#include "model/layer/init.h"
#include "num/gemm.h"
#include "trainer/pace.h"
#include "trainer/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, admm_options, method, "pdadmm", "pdadmm|dladmm|mdlam",
                 "all layers at once, or a sweep through them; --strategy NAME also "
                 "sets what suits it"),
    TALLY_OPTION(REAL, admm_options, nu, "0.01", "(0, inf)",
                 "weight of |z - W p - b|^2 and |q - f(z)|^2; mdlam has rho there"),
    TALLY_OPTION(REAL, admm_options, rho, "0.05", "(0, inf)",
                 "weight of the constraint; above 4 nu pdadmm never rises"),
    TALLY_OPTION(REAL, admm_options, mu, "0.1", "[0, inf)", "ridge: mu/2 |W|^2"),
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
    TALLY_OPTION(REAL, admm_options, deviation, "0.1", "[0, inf)",
                 "of the first W and b; 0: as the model draws them"),
    TALLY_OPTION(REAL, admm_options, first, "0.01", "[0, inf)",
                 "of the first W of layer 1; 0: deviation"),
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

enum { REPORT_NUMBER = 1 /* of the control channel */ };

/* What a rank says of one iteration, and then of its layers. */
typedef struct record {
    double stop;
    admm_terms terms[];
} record;

/* All of a rank's run; run->held. */
typedef struct loop {
    admm a;
    int32_t *label; /* owned */
    int groups;     /* blocks of layers */
    int team;       /* ranks that share one */
    size_t stage, stages, depth[TALLY_SIZES_MOST + 1];
    uint64_t begins[TALLY_SIZES_MOST + 2]; /* stage s is steps [s, s + 1) of it */
    tally_gather reports;
    record *mine; /* owned */
    trainer_pace pace;
} loop;

static const admm_options *options_of(const tally_run *run)
{
    return run->trainer_options;
}

/* ---- which nets ---- */

static tally_status refuse_layer(const tally_layer *l)
{
    return TALLY_FAIL(UNSUPPORTED,
                      "trainer admm: layer %s has no closed form for its z; expected "
                      "dense layers with relu, leaky_relu or nothing between them",
                      l->name);
}

/* The factor of what is negative; false: it is no such activation. */
static bool slope_of(const tally_layer *l, tally_real *slope)
{
    const tally_option *o = l->ops->about.options;

    *slope = 0;
    if (strcmp(l->ops->about.name, "relu") == 0) return true;
    if (strcmp(l->ops->about.name, "leaky_relu") != 0) return false;
    while (strcmp(o->name, "slope") != 0)
        o++;
    *slope = (tally_real) *
             (const double *)(const void *)((const char *)l->options + o->offset);
    return true;
}

/* A dense layer begins a new shape, an activation says what follows the one before. */
static tally_status read_shapes(const tally_run *run, admm_shape *shapes, size_t *count)
{
    size_t layers;
    const tally_layer *l = tally_net_layers(&run->net, &layers);
    bool activated = true;

    *count = 0;
    for (size_t i = 0; i < layers; i++, l++) {
        bool dense = strcmp(l->ops->about.name, "dense") == 0;

        if (!dense && (activated || !slope_of(l, &shapes[*count - 1].slope)))
            return refuse_layer(l);
        activated = !dense;
        if (!dense) continue;
        if (*count == ADMM_LAYERS_MOST)
            return TALLY_FAIL(UNSUPPORTED, "trainer admm: more than %d layers",
                              ADMM_LAYERS_MOST);
        tally_real *w = run->w + l->span.first;

        shapes[(*count)++] = (admm_shape){
            .in = l->in, .out = l->out, .slope = 1, .w = w, .b = w + l->in * l->out};
    }
    return activated ? refuse_layer(l - 1) : TALLY_OK;
}

static tally_status check_run(const tally_run *run)
{
    if (run->f != &run->net)
        return TALLY_FAIL(UNSUPPORTED, "trainer admm needs a model and data, and no "
                                       "penalty: mu is its own");
    if (strncmp(run->options->loss, "cross_entropy", 13) != 0)
        return TALLY_FAIL(UNSUPPORTED,
                          "trainer admm: loss %s, expected cross_entropy: the last z "
                          "is solved for",
                          run->options->loss);
    return TALLY_OK;
}

/* ---- stages ---- */

static bool same_widths(const admm_shape *shapes, size_t count)
{
    for (size_t i = 1; i + 1 < count; i++)
        if (shapes[i].out != shapes[0].out) return false;
    return true;
}

/* A net whose hidden widths differ cannot grow by identities. */
static void plan_stages(loop *l, const tally_run *run, const admm_shape *shapes,
                        size_t count)
{
    const admm_options *o = options_of(run);
    bool grows = o->method == ADMM_PDADMM && same_widths(shapes, count);

    l->stages = 0;
    for (size_t i = 0; grows && i < o->grow.count; i++) {
        size_t depth = (size_t)o->grow.at[i];
        size_t before = l->stages ? l->depth[l->stages - 1] : 0;

        if (depth > before && depth < count) l->depth[l->stages++] = depth;
    }
    l->depth[l->stages++] = count;
    l->begins[0] = 0;
    for (size_t s = 0; s < l->stages; s++) {
        size_t last = o->iterations.count ? o->iterations.count - 1 : 0;
        uint64_t n = o->iterations.count ? o->iterations.at[s < last ? s : last] : 100;

        l->begins[s + 1] = l->begins[s] + n;
    }
}

static size_t stage_of(const loop *l, uint64_t step)
{
    size_t s = 0;

    while (s + 1 < l->stages && step >= l->begins[s + 1])
        s++;
    return s;
}

/* ---- ranks ---- */

static tally_status deal_ranks(loop *l, const tally_run *run, size_t layers)
{
    const admm_options *o = options_of(run);
    int size = run->comm->size;

    l->groups = o->method != ADMM_PDADMM ? 1 : size;
    if (l->groups > (int)layers)
        for (l->groups = (int)layers; size % l->groups;)
            l->groups--;
    l->team = size / l->groups;
    if ((uint64_t)l->team > run->sampler.train_count)
        return TALLY_FAIL(OPTION,
                          "trainer admm: %d ranks share a layer, but there are %llu "
                          "training rows",
                          l->team, (unsigned long long)run->sampler.train_count);
    return TALLY_OK;
}

/* ---- samples ---- */

enum { ROWS_AT_A_TIME = 256 };

/* This rank's rows, in the order of the seed; the samples themselves only where layer 1
 * is. */
static tally_status fetch(loop *l, const tally_run *run, const uint64_t *rows)
{
    admm *a = &l->a;
    const tally_source *s = run->f->source;
    tally_real *room =
        a->x ? NULL : tally_allocate(ROWS_AT_A_TIME * s->features, sizeof *room);
    tally_status status = TALLY_OK;

    if (!a->x && !room) return TALLY_FAIL(MEMORY, "no memory for samples");
    for (size_t i = 0; !status && i < a->n; i += ROWS_AT_A_TIME) {
        size_t n = a->n - i < ROWS_AT_A_TIME ? a->n - i : ROWS_AT_A_TIME;

        status = s->ops->fetch(s, TALLY_TRAIN, rows + i, n,
                               a->x ? a->x + i * s->features : room, l->label + i);
    }
    free(room);
    return status;
}

static tally_status take_rows(loop *l, const tally_run *run, tally_span share)
{
    tally_sampler all = run->sampler;
    uint64_t *rows = tally_allocate((size_t)all.train_count, sizeof *rows);

    if (!rows) return TALLY_FAIL(MEMORY, "no memory for the order of the samples");
    all.size = 1;
    all.batch = all.train_count;
    tally_sampler_train(&all, 0, 0, rows);
    tally_status status = fetch(l, run, rows + share.first);
    free(rows);
    TALLY_TRY(status);
    return admm_take_samples(&l->a);
}

/* ---- open and close ---- */

static const admm_method *const methods[] = {&admm_pdadmm, &admm_dladmm, &admm_mdlam};

static tally_status open_solver(loop *l, tally_run *run)
{
    admm_shape shapes[ADMM_LAYERS_MOST];
    size_t count;
    admm *a = &l->a;

    TALLY_TRY(read_shapes(run, shapes, &count));
    TALLY_TRY(deal_ranks(l, run, count));
    plan_stages(l, run, shapes, count);
    int member = run->comm->rank % l->team;
    tally_span share = tally_shard(run->sampler.train_count, member, l->team);

    a->o = options_of(run);
    a->method = methods[a->o->method];
    a->comm = run->comm;
    a->state = &run->trainer_state;
    a->total = (size_t)run->sampler.train_count;
    a->group = run->comm->rank / l->team;
    a->groups = l->groups;
    a->team_size = l->team;
    admm_partition(shapes, count, share.count, l->groups);
    l->label = tally_allocate(share.count, sizeof *l->label);
    l->mine = tally_allocate(1, sizeof *l->mine + count * sizeof(admm_terms));
    if (!l->label || !l->mine)
        return TALLY_FAIL(MEMORY, "no memory for %zu labels", share.count);
    TALLY_TRY(admm_open(a, shapes, count, share.count, l->label));
    return take_rows(l, run, share);
}

static tally_status snapshot(tally_run *run);

/* run->score */
static tally_status score(tally_run *run, tally_split split, tally_score *to)
{
    loop *l = run->held;

    return admm_evaluate(&l->a, run, split, to);
}

static tally_status open(tally_run *run)
{
    TALLY_TRY(check_run(run));
    loop *l = calloc(1, sizeof *l);

    run->held = l;
    if (!l) return TALLY_FAIL(MEMORY, "no memory for trainer admm");
    TALLY_TRY(open_solver(l, run));
    TALLY_TRY(trainer_pace_open(&l->pace));
    run->snapshot = snapshot;
    run->score = score;
    run->steps_per_epoch = options_of(run)->every;
    run->sampler.batch = run->sampler.train_count; /* a step takes all rows */
    if (run->options->steps == 0) run->steps = l->begins[l->stages];
    return TALLY_OK;
}

static void close(tally_run *run)
{
    loop *l = run->held;

    if (!l) return;
    tally_gather_close(&l->reports);
    admm_close_team(&l->a);
    admm_close(&l->a);
    trainer_pace_close(&l->pace);
    free(l->label);
    free(l->mine);
    free(l);
    run->held = NULL;
}

/* ---- weights ---- */

static void set_identity(const admm_layer *l)
{
    memset(l->w, 0, l->in * l->out * sizeof *l->w);
    memset(l->b, 0, l->out * sizeof *l->b);
    for (size_t i = 0; i < l->in && i < l->out; i++)
        l->w[i * l->in + i] = 1;
}

/* Numbers of their own for each stage, tensor and value. */
static void draw(const tally_run *run, const admm_layer *l, size_t stage)
{
    const admm_options *o = options_of(run);
    size_t tensors = run->net.layout.count, tensor = 2 * (l->index - 1);
    double first = o->first > 0 ? o->first : o->deviation;
    double deviation = l->index == 1 ? first : o->deviation;

    if (o->deviation <= 0 && stage == 0) return;
    if (o->deviation <= 0) deviation = 0.1;
    tally_init_normal(run->options->seed, stage * tensors + tensor, deviation,
                      l->in * l->out, l->w);
    tally_init_normal(run->options->seed, stage * tensors + tensor + 1,
                      o->deviation > 0 ? o->deviation : 0.1, l->out, l->b);
}

/* Stage 0 draws all that train and makes the others the identity; a later stage draws
 * the last layer again, and the last stage makes it the first rows of the identity. */
static void start_weights(loop *l, const tally_run *run)
{
    admm *a = &l->a;
    admm_layer *last = &a->layers[a->count - 1];

    for (size_t i = 0; l->stage == 0 && i + 1 < a->count; i++)
        if (i + 1 < a->depth)
            draw(run, &a->layers[i], 0);
        else
            set_identity(&a->layers[i]);
    if (l->stage > 0 && l->stage + 1 == l->stages)
        set_identity(last);
    else
        draw(run, last, l->stage);
}

/* run->w whole on every rank: each layer from its owner. */
static tally_status snapshot(tally_run *run)
{
    const loop *l = run->held;

    if (l->groups == 1) return TALLY_OK;
    for (size_t i = 0; i < l->a.count; i++) {
        const admm_layer *layer = &l->a.layers[i];
        int root = layer->owner * l->team;

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
    bool last = l->stage + 1 == l->stages;
    size_t kept = l->stage ? l->depth[l->stage - 1] - 1 : 0;

    if (a->method->settle) TALLY_TRY(a->method->settle(a));
    a->scalars->nu = a->o->nu;
    a->scalars->rho = a->o->rho;
    a->scalars->lagrangian = (double)INFINITY;
    a->scalars->cost[0] = a->scalars->cost[1] = (double)INFINITY;
    admm_link(a, l->depth[l->stage]);
    start_weights(l, run);
    return admm_begin(a, kept, last ? ADMM_SIGNS : ADMM_ZERO);
}

static tally_status not_finite(const tally_run *run, size_t layer)
{
    char sentence[256];

    snprintf(
        sentence, sizeof sentence,
        "iteration %llu: the variables of layer %zu are not finite; try another nu "
        "or rho, or --trainer.variant spec",
        (unsigned long long)run->step + 1, layer);
    return tally_error_adopt(TALLY_FAIL(DIVERGED, "%s", sentence), sentence);
}

static void add_terms(const admm_method *method, const admm_terms *more, bool first,
                      admm_terms *t)
{
    t->risk += more->risk;
    t->fit += more->fit;
    t->ridge += first ? more->ridge : 0; /* a team has one W */
    t->activation += more->activation;
    t->dual += more->dual;
    t->residual = method == &admm_mdlam ? fmax(t->residual, more->residual)
                                        : t->residual + more->residual;
}

/* What the ranks say, in the order of layers: the same bits for any pipeline. */
typedef struct verdict {
    double lagrangian, objective, residual, risk;
    double size; /* of the terms of the Lagrangian, whatever their signs */
    bool stop;
} verdict;

static tally_status read_reports(const loop *l, const tally_run *run, verdict *v)
{
    const admm *a = &l->a;

    *v = (verdict){0};
    for (int r = 0; r < run->comm->size; r++) {
        const record *its =
            (const void *)(l->reports.all + (size_t)r * l->reports.record);

        v->stop |= its->stop > 0;
    }
    for (size_t i = 0; i < a->depth; i++) {
        const admm_layer *layer = a->chain[i];
        admm_terms t = {0};

        for (int k = 0; k < l->team; k++) {
            size_t r = (size_t)(layer->owner * l->team + k);
            const record *its = (const void *)(l->reports.all + r * l->reports.record);

            add_terms(a->method, &its->terms[layer->index - 1], k == 0, &t);
        }
        double share = a->method->lagrangian(a, &t);

        if (!isfinite(share)) return not_finite(run, layer->index);
        v->lagrangian += share;
        v->size += fabs(share) + 2 * fabs(t.dual);
        v->objective += a->method->objective(a, &t);
        v->risk += t.risk;
        v->residual = a->method == &admm_mdlam ? fmax(v->residual, t.residual)
                                               : v->residual + t.residual;
    }
    return TALLY_OK;
}

static tally_status report(loop *l, tally_run *run, verdict *v)
{
    admm *a = &l->a;

    memset(l->mine, 0, l->reports.record);
    l->mine->stop = tally_stop_requested();
    for (size_t i = a->first; i < a->end; i++)
        a->method->measure(a, a->chain[i], &l->mine->terms[a->chain[i]->index - 1]);
    TALLY_TRY(tally_gather_start(&l->reports, l->mine));
    TALLY_TRY(tally_gather_wait(&l->reports));
    return read_reports(l, run, v);
}

/* Every rank compares the same numbers, so all know of it. */
static tally_status check_descent(loop *l, const tally_run *run, const verdict *v)
{
    admm_scalars *k = l->a.scalars;
    double room = sizeof(tally_real) == sizeof(double) ? 1e-11 : 2e-5;
    char sentence[256];
    bool rose = v->lagrangian > k->lagrangian + room * (fabs(k->lagrangian) + v->size);

    if (!l->a.o->check || !l->a.method->descends(&l->a) || !rose) {
        k->lagrangian = v->lagrangian;
        return TALLY_OK;
    }
    snprintf(sentence, sizeof sentence,
             "check: iteration %llu: the Lagrangian rose from %.9g to %.9g",
             (unsigned long long)run->step + 1, k->lagrangian, v->lagrangian);
    return tally_error_adopt(TALLY_FAIL(DIVERGED, "%s", sentence), sentence);
}

static tally_status tell(tally_run *run, const verdict *v)
{
    TALLY_TRY(run->metric(run, "admm/lagrangian", v->lagrangian));
    TALLY_TRY(run->metric(run, "admm/objective", v->objective));
    return run->metric(run, "admm/residual", v->residual);
}

/* The released code's schedule, which the paper does not tell: when the cost of the net
 * itself fell by less than 0.001 in each of the last two iterations, ten times as much
 * weight, up to 1. */
static tally_status raise_weights(tally_run *run, admm_scalars *k, uint64_t iteration)
{
    tally_score sum;

    TALLY_TRY(tally_run_score(run, TALLY_TRAIN, &sum));
    double cost = sum.loss_sum / (double)sum.count;
    bool stalls = cost > k->cost[1] - 1e-3 && k->cost[1] > k->cost[0] - 1e-3;

    if (iteration > 2 && stalls) k->nu = k->rho = fmin(10 * k->rho, 1);
    k->cost[0] = k->cost[1];
    k->cost[1] = cost;
    return TALLY_OK;
}

static tally_status take_step(loop *l, tally_run *run)
{
    admm *a = &l->a;
    double begin = tally_now(run->comm);
    verdict v = {0};

    if (run->step == l->begins[stage_of(l, run->step)]) {
        l->stage = stage_of(l, run->step);
        TALLY_TRY(begin_stage(l, run));
    }
    a->iteration = run->step;
    TALLY_TRY(a->method->iterate(a, run->step));
    TALLY_TRY(report(l, run, &v));
    TALLY_TRY(check_descent(l, run, &v));
    trainer_pace_add(&l->pace, tally_now(run->comm) - begin);
    run->step++;
    TALLY_TRY(tell(run, &v));
    if (a->o->variant == ADMM_RELEASED && a->method == &admm_pdadmm)
        TALLY_TRY(raise_weights(run, a->scalars, run->step - l->begins[l->stage]));
    tally_score sum = {.loss_sum = v.risk, .count = a->total};

    return run->after_step(run, &sum, a->scalars->rho, v.stop);
}

/* ---- the loop ---- */

/* Ranks of one block are a team; ranks of one place in their teams are a pipeline. */
static tally_status connect(loop *l, tally_run *run)
{
    admm *a = &l->a;
    size_t record_bytes = sizeof *l->mine + a->count * sizeof(admm_terms);

    if (l->team > 1) {
        TALLY_TRY(tally_comm_split(run->comm, a->group, run->comm->rank, &a->team));
        TALLY_TRY(admm_open_team(a));
    }
    TALLY_TRY(tally_gather_open(&l->reports, run->comm, TALLY_CONTROL, REPORT_NUMBER,
                                record_bytes));
    l->stage = stage_of(l, run->step);
    admm_link(a, l->depth[l->stage]);
    return TALLY_OK;
}

static tally_status train(tally_run *run)
{
    loop *l = run->held;
    admm *a = &l->a;
    tally_status status = tally_agree(run->comm, connect(l, run));
    bool resumed = run->step != l->begins[l->stage];

    if (!status && resumed && run->step < run->steps && !a->method->sequential)
        status = admm_meet(a);
    while (status == TALLY_OK && run->step < run->steps)
        status = take_step(l, run);
    if (status != TALLY_OK && status != TALLY_STOPPED) return status;
    trainer_pace_tell(&l->pace, &run->result);
    if (a->team) /* its messages are counted apart */
        run->comm->traffic[TALLY_EXCHANGE].bytes_sent +=
            a->team->traffic[TALLY_EXCHANGE].bytes_sent;
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
    .open = open,
    .train = train,
    .close = close,
};

/* run.c — builds a run from its options, checks that all ranks build the same, closes
 * it.
 *
 * Order: what a rank can do alone (data, model, penalty, rule, schedule, clip, plan),
 * then one agreement, then what needs the others (exchange, run folder, checkpoint). */

#include "tally/tally.h"

#include "base/status.h"
#include "base/text.h"
#include "comm/watch.h"
#include "num/gemm.h"
#include "num/isa.h"
#include "num/topology.h"
#include "run/binding.h"
#include "run/config.h"
#include "run/folder.h"
#include "run/identity.h"
#include "run/manifest.h"
#include "run/metrics.h"
#include "run/observe.h"
#include "run/timeline.h"
#include "trainer/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tally_slot slots[] = {
    {"loss_sum",     TALLY_SHARED, TALLY_ONCE},
    {"count",        TALLY_SHARED, TALLY_ONCE},
    {"step_samples", TALLY_SHARED, TALLY_ONCE},
    {"validate",     TALLY_SHARED, TALLY_ONCE},
    TALLY_END
};

enum { START_PATIENCE = 12 }; /* times --patience: one rank may read slowly */

static const uint64_t steps_most = (uint64_t)1 << 63;

/* ---- what a rank does alone ---- */

static void tell_of_a_stall(void *context, tally_comm *c, int peer, int tag,
                            double seconds)
{
    const tally_run *run = context;
    char sentence[256], who[64] = "any rank";

    /* Trainers with roles may well leave a rank alone; the others all wait together. */
    if (run->trainer && !run->trainer->roles && tally_watch_ask(c)) return;
    if (!run->observer.warned) return;
    if (peer >= 0) snprintf(who, sizeof who, "rank %d", peer);
    snprintf(
        sentence, sizeof sentence,
        "rank %d has waited %.0f s for %s in step %llu (%s); it may be slow, stopped or "
        "gone",
        c->rank, seconds, who, (unsigned long long)run->step + 1,
        tag / 4096 == TALLY_EXCHANGE ? "exchange" : "control");
    run->observer.warned(run->observer.context, sentence);
}

/* What a tag is about: the tensors of a span. */
static void name_tag(void *context, int tag, char *text, size_t most)
{
    const tally_run *run = context;
    size_t k = (size_t)(tag % TALLY_TAG(1, 0)) / 2;

    text[0] = '\0';
    if (tag / TALLY_TAG(1, 0) != TALLY_EXCHANGE || k >= run->plan_count) return;
    const tally_layout *layout = &run->f->layout;
    for (size_t t = 0; t < layout->count; t++) {
        tally_span s = layout->tensors[t].span;

        if (run->plan[k].first >= s.first + s.count) continue;
        snprintf(text, most, "%s", layout->tensors[t].name);
        return;
    }
}

static tally_status open_watch(tally_run *run)
{
    const tally_watch_terms terms = {.timeout = run->options->timeout,
                                     .stalled = run->observer.stalled,
                                     .observer = run->observer.context,
                                     .name = name_tag,
                                     .context = run};

    TALLY_TRY(tally_watch_open(run->comm, &terms));
    run->watched = true;
    return TALLY_OK;
}

static void tell_of_the_data(const tally_run *run)
{
    char sentence[sizeof run->source.note + 64];

    if (!*run->source.note || !run->observer.said || run->comm->rank != 0) return;
    snprintf(sentence, sizeof sentence, "data %s: %s", run->source.ops->about.name,
             run->source.note);
    run->observer.said(run->observer.context, sentence);
}

static void tell_of_lost_checkpoints(const tally_run *run)
{
    const tally_config *o = run->options;
    char sentence[256];

    if (!o->checkpoint_every || o->out || run->resume || run->comm->rank != 0 ||
        !run->observer.warned)
        return;
    snprintf(sentence, sizeof sentence,
             "checkpoint-every=%llu keeps nothing without --out: say where, --out DIR",
             (unsigned long long)o->checkpoint_every);
    run->observer.warned(run->observer.context, sentence);
}

static tally_status open_objective(tally_run *run)
{
    const tally_config *o = run->options;

    run->f = run->objective;
    if (!run->f) {
        TALLY_TRY(tally_source_open(&run->source, o->data));
        TALLY_TRY(tally_net_open(&run->net, o->model, o->loss,
                                 tally_attack_source(&run->attack, &run->source),
                                 o->batch));
        run->f = &run->net;
    }
    TALLY_TRY(tally_penalty_open(&run->penalty, o->penalty));
    if (run->penalty.ops) {
        TALLY_TRY(tally_penalise(&run->penalised, run->f, &run->penalty));
        run->f = &run->penalised;
    }
    if (!run->f->source) return TALLY_OK;
    return tally_sampler_open(&run->sampler, run->f->source, o->seed, o->validate,
                              o->batch * o->accumulate, run->workers);
}

static tally_status count_steps(tally_run *run)
{
    const tally_config *o = run->options;

    run->steps_per_epoch =
        run->f->source ? tally_sampler_steps(&run->sampler) : o->steps;
    if (!o->steps && run->steps_per_epoch > steps_most / o->epochs)
        return TALLY_FAIL(
            OPTION, "epochs=%llu of %llu steps each are more than 2^63: ask for fewer",
            (unsigned long long)o->epochs, (unsigned long long)run->steps_per_epoch);
    run->steps = o->steps ? o->steps : o->epochs * run->steps_per_epoch;
    if (run->steps == 0)
        return TALLY_FAIL(OPTION,
                          "an objective without data needs steps, such as steps=100");
    if (run->steps_per_epoch == 0) run->steps_per_epoch = run->steps;
    return TALLY_OK;
}

static tally_status open_plan(tally_run *run)
{
    const tally_config *o = run->options;
    bool whole;

    TALLY_TRY(tally_exchange_is_whole(o->exchange, o->aggregate, &whole));
    whole |= run->rule.ops->whole;
    return tally_plan(&run->f->layout, whole ? 0 : o->bucket * 1024, &run->plan,
                      &run->plan_count);
}

/* The run scales the rate, not the schedule: only the run knows the global batch, and
 * any schedule may follow. */
static tally_status open_schedule(tally_run *run)
{
    const tally_config *o = run->options;
    tally_scaling scaling = (tally_scaling)o->rate_scaling;
    uint64_t batch = run->sampler.batch * (uint64_t)run->workers;
    double rate = o->rate * tally_scaling_factor(scaling, batch, o->rate_reference);

    if (scaling != TALLY_SCALING_NONE && !run->f->source)
        return TALLY_FAIL(OPTION,
                          "rate-scaling needs data: without, there is no batch");
    TALLY_TRY(
        tally_schedule_open(&run->schedule, o->schedule, rate, o->warmup, run->steps));
    if (scaling != TALLY_SCALING_NONE) run->schedule.start = o->rate;
    return TALLY_OK;
}

static tally_status open_trainer(tally_run *run)
{
    const tally_config *o = run->options;
    const tally_about *trainer;

    TALLY_TRY(tally_family_open(&tally_trainer_family, o->trainer, &trainer,
                                &run->trainer_options));
    run->trainer = (const tally_trainer_ops *)(const void *)trainer;
    TALLY_TRY(tally_family_open(&tally_consistency_family, o->consistency,
                                &run->consistency, &run->consistency_options));
    run->workers = run->holders = run->comm->size;
    return run->trainer->roles ? run->trainer->roles(run) : TALLY_OK;
}

static tally_status open_alone(tally_run *run)
{
    const tally_config *o = run->options;

    TALLY_TRY(tally_isa_check());
    TALLY_TRY(tally_attack_open(&run->attack, o->attack, run->comm));
    TALLY_TRY(open_trainer(run));
    TALLY_TRY(open_objective(run));
    TALLY_TRY(count_steps(run));
    TALLY_TRY(tally_rule_open(&run->rule, o->rule, &run->f->layout));
    TALLY_TRY(open_schedule(run));
    TALLY_TRY(tally_clip_open(&run->clip, o->clip));
    TALLY_TRY(open_plan(run));
    TALLY_TRY(tally_state_open(&run->state, slots, &run->f->layout));
    run->w = tally_allocate(run->f->layout.length, sizeof *run->w);
    if (!run->w)
        return TALLY_FAIL(MEMORY, "no memory for %zu weights", run->f->layout.length);
    if (run->f->ops->init) TALLY_TRY(run->f->ops->init(run->f, o->seed, run->w));
    if (o->start && !run->resume)
        TALLY_TRY(tally_folder_weights(o->start, &run->f->layout, run->w, NULL));
    return run->trainer->open ? run->trainer->open(run) : TALLY_OK;
}

/* ---- what needs the others ---- */

static tally_status open_crew(tally_run *run)
{
    tally_comm *c = run->comm;
    bool mine = c->rank < run->holders;

    run->crew = c;
    if (run->holders == c->size) return TALLY_OK;
    TALLY_TRY(tally_comm_split(c, mine ? 0 : 1, c->rank, &run->crew));
    if (mine) return TALLY_OK;
    tally_comm_close(run->crew);
    run->crew = NULL;
    return TALLY_OK;
}

static bool is_lockstep(const tally_run *run)
{
    return strcmp(run->trainer->about.name, "lockstep") == 0;
}

/* A choice that nobody would read is a mistake. */
static tally_status refuse(const char *family, const char *spec, const char *reader,
                           const char *instead)
{
    if (tally_config_is_default(family, spec)) return TALLY_OK;
    return TALLY_FAIL(OPTION, "%s %s is for %s, not %s: leave --%s out, or take %s",
                      family, spec, reader, instead, family, reader);
}

/* What members beyond the library's read nobody knows. */
static tally_status check_choices(const tally_run *run)
{
    const tally_config *o = run->options;
    const tally_exchange_ops *x = run->exchange.ops; /* NULL: not needed */
    const tally_trainer_ops *trainer = run->trainer;
    const char *name = trainer->about.name;
    bool serves = trainer->roles != NULL;

    if (!serves)
        TALLY_TRY(refuse("consistency", o->consistency, "trainer server", name));
    if (serves || trainer->no_exchange) {
        const char *reader = "trainer lockstep";

        TALLY_TRY(refuse("exchange", o->exchange, reader, name));
        TALLY_TRY(refuse("aggregate", o->aggregate, reader, name));
        return serves ? TALLY_OK
                      : refuse("codec", o->codec, "trainer lockstep or server", name);
    }
    if (x->codes || !is_lockstep(run)) return TALLY_OK;
    TALLY_TRY(refuse("codec", o->codec, "exchange gather", x->about.name));
    return refuse("aggregate", o->aggregate, "exchange gather", x->about.name);
}

static void tamper(void *context, uint64_t step, void *bytes, size_t size)
{
    tally_attack *a = context;

    a->ops->tamper(a, step, bytes, size);
}

/* On simulated ranks time is declared anyway. */
static void tell_of_shared_cores(const tally_run *run)
{
    const tally_attack *a = &run->attack;
    const tally_comm *c = run->comm;
    size_t cores = tally_topology_cores();
    char sentence[256];

    if (!a->ops || !a->ops->delay || c->ops->spend || !run->observer.said ||
        c->rank != 0 || (size_t)c->node_size <= cores)
        return;
    snprintf(sentence, sizeof sentence,
             "attack %s: %d ranks share %zu core%s, so a factor is of a gradient's "
             "processor time and of --trainer.nap, which a late rank sleeps through",
             a->ops->about.name, c->node_size, cores, tally_text_plural(cores));
    run->observer.said(run->observer.context, sentence);
}

/* Steps without a rule read nothing of this.  No mistake: who compares strategies gives
 * all of them what some of them read. */
static tally_status tell_of_the_unread(const tally_run *run)
{
    static const char *const names[] = {
        "rule", "rate",  "rate_scaling", "rate_reference", "schedule", "warmup",
        "clip", "batch", "accumulate",   "epochs",         "bucket",   "census",
        NULL};
    char sentence[256] = "";
    size_t used = 0;
    tally_run other = {0}; /* of whom nothing was asked */

    if (!run->trainer->no_exchange || !run->observer.said || run->comm->rank != 0)
        return TALLY_OK;
    TALLY_TRY(tally_config_resolve(&other));
    json_t *ours = tally_config_json(run), *initial = tally_config_json(&other);
    for (const char *const *name = names; *name; name++)
        if (!json_equal(json_object_get(ours, *name), json_object_get(initial, *name)))
            tally_text_append(sentence, sizeof sentence, &used, "%s--%s",
                              used ? ", " : "not read by this trainer: ", *name);
    json_decref(ours);
    json_decref(initial);
    tally_config_close(&other);
    if (used) run->observer.said(run->observer.context, sentence);
    return TALLY_OK;
}

/* Whether what is agreed goes span by span into the weights, and nowhere else. */
static bool reads_by_parts(const tally_run *run)
{
    bool bounded =
        run->clip.ops && tally_clip_scope_of(&run->clip) == TALLY_CLIP_AGREED;

    return is_lockstep(run) && !run->rule.ops->whole && !run->attack.ops && !bounded;
}

static tally_status open_exchange(tally_run *run)
{
    const tally_config *o = run->options;
    tally_exchange *x = &run->exchange;
    const tally_attack *a = &run->attack;

    bool only_late = a->ops && a->ops->delay && !a->ops->lie && !a->ops->tamper;

    if (a->ops && !is_lockstep(run) && !(run->trainer->roles && only_late))
        return TALLY_FAIL(OPTION, "attack %s is for trainer lockstep, not %s",
                          a->ops->about.name, run->trainer->about.name);
    if (run->trainer->roles) {
        TALLY_TRY(check_choices(run));
        return tally_attack_prepare(&run->attack, &run->f->layout, o->seed);
    }
    x->codec = o->codec;
    x->aggregate = o->aggregate;
    x->in_place = reads_by_parts(run);
    if (a->ops && a->ops->tamper && a->lies) {
        x->tamper = tamper;
        x->tamper_context = &run->attack;
    }
    TALLY_TRY(tally_exchange_open(x, o->exchange, run->comm, &run->f->layout, run->plan,
                                  run->plan_count, o->seed));
    if (a->ops && a->ops->tamper && !x->ops->codes)
        return TALLY_FAIL(OPTION,
                          "attack %s spoils messages of exchange gather, not %s",
                          a->ops->about.name, x->ops->about.name);
    TALLY_TRY(check_choices(run));
    return tally_attack_prepare(&run->attack, &run->f->layout, o->seed);
}

/* On the holders. */
static tally_status open_folder(tally_run *run, const char *path)
{
    char metrics[4096];

    snprintf(metrics, sizeof metrics, "%s/metrics.jsonl", path);
    TALLY_TRY(tally_folder_open(&run->folder, run->crew, path, run->resume != NULL));
    if (run->resume) TALLY_TRY(tally_observe_resume(run));
    if (!run->resume || run->step < run->steps) TALLY_TRY(tally_manifest_write(run));
    tally_status status = TALLY_OK;
    if (run->comm->rank == 0)
        status = tally_metrics_open(&run->metrics, metrics, run->step);
    return tally_agree(run->crew, status);
}

/* What only some ranks did, all must know of. */
static tally_status open_kept(tally_run *run)
{
    const char *path = run->resume ? run->resume : run->options->out;

    if (!path) return TALLY_OK;
    if (run->crew == run->comm) return open_folder(run, path);
    return tally_agree(run->comm, run->crew ? open_folder(run, path) : TALLY_OK);
}

tally_status tally_run_open(tally_run *run, tally_comm *comm)
{
    run->comm = comm;
    run->after_step = tally_observe_step;
    run->metric = tally_observe_metric;
    tally_status status = tally_config_resolve(run);
    if (!status) {
        comm->stalled = tell_of_a_stall;
        comm->stalled_context = run;
        comm->patience = run->options->patience;
        comm->limit = comm->watch ? 0 : run->options->timeout;
        tally_gemm_threads(tally_run_threads(run));
        status = open_alone(run);
    }
    /* A rank that never comes here must not hold up the others for ever: a wait has a
     * limit until there is a watch or, where ranks may be lost, their trainer says. */
    bool may_lose = run->trainer && run->trainer->roles;
    if (may_lose) comm->limit = START_PATIENCE * run->options->patience;
    TALLY_TRY(tally_agree(comm, status));
    TALLY_TRY(tally_identity_check(run));
    TALLY_TRY(open_watch(run));
    if (!may_lose) comm->limit = 0;
    TALLY_TRY(tally_binding_check(run));
    tell_of_the_data(run);
    tell_of_lost_checkpoints(run);
    tell_of_shared_cores(run);
    TALLY_TRY(tally_agree(comm, tell_of_the_unread(run)));
    TALLY_TRY(tally_timeline_open(run));
    TALLY_TRY(tally_agree(comm, open_exchange(run)));
    TALLY_TRY(tally_agree(comm, open_crew(run)));
    return open_kept(run);
}

static void close_tale(tally_tale *tale)
{
    if (tale) free(tale->worker);
    free(tale);
}

void tally_run_close(tally_run *run)
{
    tally_exchange_close(&run->exchange);
    tally_attack_close(&run->attack);
    tally_metrics_close(run->metrics);
    tally_folder_close(run->folder);
    if (run->crew != run->comm) tally_comm_close(run->crew);
    close_tale(run->result.tale);
    tally_ledger_close(&run->result.ledger);
    tally_state_close(&run->state);
    if (run->trainer && run->trainer->close) run->trainer->close(run);
    tally_state_close(&run->trainer_state);
    tally_timeline_close(run);
    if (run->watched) tally_watch_close(run->comm);
    if (run->consistency)
        tally_options_close(run->consistency, run->consistency_options);
    if (run->trainer) tally_options_close(&run->trainer->about, run->trainer_options);
    tally_clip_close(&run->clip);
    tally_schedule_close(&run->schedule);
    tally_rule_close(&run->rule);
    tally_objective_close(&run->penalised);
    tally_penalty_close(&run->penalty);
    tally_objective_close(&run->net);
    tally_source_close(&run->source);
    free(run->plan);
    free(run->w);
    tally_config_close(run);
    if (run->comm && run->comm->stalled_context == run) {
        run->comm->stalled = NULL;
        run->comm->limit = 0;
    }
    *run = (tally_run){0};
}

/* admm.c — whole runs of the trainer: the same weights on any ranks, the bytes of the
 * formula, resumed runs, and what is refused. */

#include "tally/tally.h"

#include "run/example.h"
#include "run/observe.h"
#include "support/expect.h"
#include "trainer/pace.h"

#include <criterion/parameterized.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

enum { RANKS_MOST = 12, STEPS_MOST = 400 };

/* What to run, and what came of it. */
typedef struct trial {
    const char *model, *trainer, *more; /* more: "key=value key=value" or NULL */
    const char *resume;
    tally_status status;
    uint64_t hash[RANKS_MOST], bytes[RANKS_MOST];
    tally_result result;
    double lagrangian[STEPS_MOST], residual[STEPS_MOST];
} trial;

static tally_status set_words(tally_run *r, const char *words)
{
    char copy[512], *rest = copy;

    snprintf(copy, sizeof copy, "%s", words ? words : "");
    for (char *word; (word = strtok_r(rest, " ", &rest));) {
        char *value = strchr(word, '=');

        *value++ = '\0';
        TALLY_TRY(tally_run_set(r, word, value));
    }
    return TALLY_OK;
}

static tally_status keep_metric(tally_run *r, const char *name, double value)
{
    trial *t = r->observer.context;

    if (r->comm->rank != 0 || r->step > STEPS_MOST) return TALLY_OK;
    if (strcmp(name, "admm/lagrangian") == 0) t->lagrangian[r->step - 1] = value;
    if (strcmp(name, "admm/residual") == 0) t->residual[r->step - 1] = value;
    return tally_observe_metric(r, name, value);
}

static tally_status train(tally_run *r, tally_comm *comm, trial *t)
{
    TALLY_TRY(tally_run_set(r, "strategy", "pdadmm"));
    TALLY_TRY(tally_run_set(r, "threads", "1"));
    TALLY_TRY(tally_run_set(r, "model", t->model));
    TALLY_TRY(tally_run_set(r, "trainer", t->trainer));
    TALLY_TRY(set_words(r, t->more));
    r->resume = t->resume;
    r->observer.context = t;
    TALLY_TRY(tally_run_open(r, comm));
    r->metric = keep_metric;
    TALLY_TRY(tally_run_train(r));
    t->hash[comm->rank] = XXH3_64bits(r->w, r->net.layout.length * sizeof *r->w);
    t->bytes[comm->rank] = comm->traffic[TALLY_EXCHANGE].bytes_sent;
    if (comm->rank == 0) t->result = r->result;
    return TALLY_OK;
}

static tally_status body(tally_comm *comm, void *context)
{
    tally_run r = {0};
    tally_status status = train(&r, comm, context);

    tally_run_close(&r);
    return status;
}

static void run_on(trial *t, const char *comm)
{
    t->status = tally_launch(comm, body, t);
    expect_ok(t->status);
}

#define TEN_LAYERS "mlp:hidden=12x12x12x12x12x12x12x12x12"
#define LONG       "mu=0.01,iterations=15x15x70"
#define SHORT      "mu=0.01,iterations=10x10x20"

/* Forty iterations through three stages, by 1, 2, 3, 5 and 10 ranks. */
static void expect_the_same_on_any_ranks(const char *trainer)
{
    static const char *const comms[] = {"sim:ranks=2", "sim:ranks=3", "sim:ranks=5",
                                        "sim:ranks=10"};
    trial one = {.model = TEN_LAYERS, .trainer = trainer};

    run_on(&one, "self");
    cr_assert(eq(u64, one.result.steps, 40));
    for (size_t i = 0; i < sizeof comms / sizeof *comms; i++) {
        trial many = {.model = TEN_LAYERS, .trainer = trainer};

        run_on(&many, comms[i]);
        cr_assert(eq(u64, many.hash[0], one.hash[0]), "%s on %s", trainer, comms[i]);
        cr_assert(eq(u64, many.hash[1], one.hash[0]));
        for (size_t k = 0; k < 40; k++)
            cr_assert(eq(dbl, many.lagrangian[k], one.lagrangian[k]));
    }
}

Test(admm, any_number_of_ranks_gives_the_same_bits)
{
    expect_the_same_on_any_ranks("admm:" SHORT);
}

Test(admm, any_number_of_ranks_gives_the_same_bits_on_a_grid)
{
    expect_the_same_on_any_ranks("admm:quantize=p," SHORT);
    expect_the_same_on_any_ranks("admm:quantize=pq,bits=5," SHORT);
}

/* Its weights of the constraint rise as it goes. */
Test(admm, any_number_of_ranks_gives_the_same_bits_as_released)
{
    expect_the_same_on_any_ranks("admm:variant=released,nu=1e-4,rho=1e-4," SHORT);
}

/* Per iteration and cut n n_l (b_p + b_q) / 8 bytes, here with one stage and n = 1437.
 */
static void expect_bytes(const char *trainer, uint64_t p_bits, uint64_t q_bits)
{
    trial t = {.model = "mlp:hidden=8x16x8", .trainer = trainer};
    const uint64_t n = 1437, cuts = 8 + 16 + 8;
    uint64_t sent = 0;

    run_on(&t, "sim:ranks=4");
    for (int r = 0; r < 4; r++)
        sent += t.bytes[r];
    cr_assert(eq(u64, sent, 7 * n * cuts * (p_bits + q_bits) / 8), "%s", trainer);
}

Test(admm, only_p_and_q_cross_the_cuts)
{
    uint64_t real = 8 * sizeof(tally_real);

    expect_bytes("admm:iterations=7", real, real);
    expect_bytes("admm:iterations=7,quantize=p", 8, real);
    expect_bytes("admm:iterations=7,quantize=pq", 8, 8);
    expect_bytes("admm:iterations=7,quantize=pq,bits=16", 16, 16);
    expect_bytes("admm:iterations=7,quantize=q", real, 8);
}

static void expect_resumed(const char *comm, const char *trainer, const char *stop)
{
    const char *out = example_directory();
    char first[256], rest[128];
    trial whole = {.model = "mlp:hidden=12x12x12x12x12", .trainer = trainer};
    trial half = whole, resumed = whole;

    run_on(&whole, comm);
    snprintf(first, sizeof first, "steps=%s out=%s", stop, out);
    half.more = first;
    run_on(&half, comm);
    snprintf(rest, sizeof rest, "out=%s", out);
    resumed.more = rest;
    resumed.resume = out;
    run_on(&resumed, comm);
    cr_assert(eq(u64, resumed.result.steps, whole.result.steps));
    cr_assert(eq(u64, resumed.hash[0], whole.hash[0]), "%s on %s from %s", trainer,
              comm, stop);
    example_remove(out);
}

Test(admm, a_resumed_run_ends_with_the_same_bits)
{
    expect_resumed("self", "admm:iterations=20x20x30", "33");
    expect_resumed("self", "admm:iterations=20x20x30", "20"); /* where a stage ends */
    expect_resumed("sim:ranks=3", "admm:iterations=20x20x30", "57");
    expect_resumed("sim:ranks=3", "admm:iterations=20x20x30,quantize=p", "11");
    expect_resumed("sim:ranks=2", "admm:iterations=20x20x30,quantize=pq", "40");
    expect_resumed("sim:ranks=2", "admm:iterations=20x20x30,variant=released", "33");
    expect_resumed("self", "admm:method=dladmm,iterations=21", "9");
    expect_resumed("self", "admm:method=mdlam,iterations=21", "9");
}

/* A method brings its own weights; what is set wins over them. */
static void expect_alike(const char *trainer, const char *other, bool alike)
{
    trial a = {.model = "mlp:hidden=12x12", .trainer = trainer};
    trial b = {.model = "mlp:hidden=12x12", .trainer = other};

    run_on(&a, "self");
    run_on(&b, "self");
    cr_assert(eq(int, a.hash[0] == b.hash[0], alike), "%s, %s", trainer, other);
}

Test(admm, a_method_brings_its_own_defaults)
{
    expect_alike("admm:iterations=4",
                 "admm:iterations=4,nu=0.01,rho=0.05,mu=0.1,deviation=0.1,first=0.01",
                 true);
    expect_alike("admm:method=dladmm,iterations=4",
                 "admm:method=dladmm,iterations=4,nu=0.001,rho=0.001,mu=0,deviation=0",
                 true);
    expect_alike("admm:method=mdlam,iterations=4",
                 "admm:method=mdlam,iterations=4,rho=0.001,mu=0.05,deviation=0.1,"
                 "first=0",
                 true);
    expect_alike("admm:method=mdlam,iterations=4",
                 "admm:method=mdlam,iterations=4,mu=0.06", false);
    expect_alike("admm:method=dladmm,iterations=4",
                 "admm:method=dladmm,iterations=4,nu=0.002", false);
}

/* The score by the pipeline is that of the whole weights on one rank. */
static tally_status score_both(tally_run *r, tally_comm *comm, trial *t)
{
    tally_score piped, whole;

    TALLY_TRY(train(r, comm, t));
    for (int split = TALLY_TRAIN; split <= TALLY_TEST; split++) {
        TALLY_TRY(tally_run_score(r, (tally_split)split, &piped));
        tally_status (*score)(tally_run *, tally_split, tally_score *) = r->score;

        r->score = NULL;
        TALLY_TRY(tally_run_score(r, (tally_split)split, &whole));
        r->score = score;
        cr_assert(eq(u64, piped.correct, whole.correct));
        cr_assert(eq(u64, piped.count, whole.count));
        cr_assert(lt(u64, 200, piped.count));
        cr_assert(fabs(piped.loss_sum - whole.loss_sum) < 1e-4 * whole.loss_sum);
    }
    return TALLY_OK;
}

static tally_status score_body(tally_comm *comm, void *context)
{
    tally_run r = {0};
    tally_status status = score_both(&r, comm, context);

    tally_run_close(&r);
    return status;
}

Test(admm, the_pipeline_scores_what_the_weights_score)
{
    static const char *const comms[] = {"self", "sim:ranks=3",
                                        "sim:ranks=3,rendezvous=true", "sim:ranks=8"};

    for (size_t i = 0; i < 4; i++) {
        trial t = {.model = "mlp:hidden=12x12x12",
                   .trainer = "admm:iterations=9,every=4",
                   .more = "validate=301"};

        expect_ok(tally_launch(comms[i], score_body, &t));
    }
}

/* Sums over samples take another order in a team: 3 ranks on 1 block, 4 on 2 blocks. */
Test(admm, ranks_beyond_the_layers_share_the_samples)
{
    static const char *const trainers[] = {"admm:method=dladmm,iterations=20",
                                           "admm:method=mdlam,iterations=20",
                                           "admm:iterations=20,grow=none"};
    static const char *const comms[] = {"sim:ranks=3", "sim:ranks=3", "sim:ranks=4"};

    for (size_t i = 0; i < 3; i++) {
        trial one = {.model = "mlp:hidden=16", .trainer = trainers[i]}, many = one;

        run_on(&one, "self");
        run_on(&many, comms[i]);
        cr_assert(eq(u64, many.hash[0], many.hash[1]));
        cr_assert(eq(u64, many.hash[0], many.hash[2]));
        cr_assert(fabs(many.result.test_accuracy - one.result.test_accuracy) < 0.03,
                  "%s: %g and %g", trainers[i], many.result.test_accuracy,
                  one.result.test_accuracy);
        /* The first iterations agree to rounding. */
        cr_assert(fabs(many.lagrangian[0] - one.lagrangian[0]) <
                      1e-4 * fabs(one.lagrangian[0]),
                  "%s: %.17g and %.17g", trainers[i], many.lagrangian[0],
                  one.lagrangian[0]);
    }
}

static void expect_refused(const char *model, const char *trainer, const char *more,
                           const char *words)
{
    trial t = {.model = model, .trainer = trainer, .more = more};
    tally_status status = tally_launch("self", body, &t);

    cr_assert(ne(int, (int)status, (int)TALLY_OK), "%s %s", trainer, more);
    cr_assert(strstr(tally_error_sentence(), words) != NULL, "\"%s\" lacks \"%s\"",
              tally_error_sentence(), words);
}

Test(admm, what_has_no_closed_form_is_refused)
{
    expect_refused("mlp:hidden=8,activation=tanh", "admm", NULL,
                   "layer tanh1 has no closed form");
    expect_refused("mlp:hidden=8", "admm", "loss=squared", "expected cross_entropy");
    expect_refused("mlp:hidden=8", "admm", "penalty=l2", "mu is its own");
    expect_refused("mlp:hidden=8", "admm:quantize=p,low=4", NULL, "low=4");
    expect_refused("mlp:hidden=8", "admm:nu=0", NULL, "nu=0 is not in (0, inf)");
}

Test(admm, leaky_and_linear_nets_train_too)
{
    static const char *const models[] = {"mlp:hidden=16,activation=leaky_relu",
                                         "mlp:hidden=16,activation=identity"};

    for (size_t i = 0; i < 2; i++) {
        trial t = {.model = models[i], .trainer = "admm:iterations=40"};

        run_on(&t, "self");
        cr_assert(t.result.test_accuracy > 0.8, "%s: %g", models[i],
                  t.result.test_accuracy);
    }
}

/* Above rho = 4 nu; not across the stages, which start anew. */
Test(admm, the_lagrangian_never_rises_within_a_stage)
{
    trial t = {.model = TEN_LAYERS, .trainer = "admm:nu=0.01,rho=0.05," LONG};
    static const size_t begins[] = {0, 15, 30, 100};

    run_on(&t, "self");
    for (size_t s = 0; s < 3; s++)
        for (size_t k = begins[s] + 1; k < begins[s + 1]; k++)
            cr_assert(t.lagrangian[k] <= t.lagrangian[k - 1] * (1 + 1e-5),
                      "iteration %zu: %.9g after %.9g", k, t.lagrangian[k],
                      t.lagrangian[k - 1]);
    cr_assert(t.residual[99] < 0.01 * t.residual[31]);
}

/* Its weights are an ordinary net's: a gradient goes on from where it ended. */
Test(admm, a_gradient_trainer_goes_on_with_its_weights)
{
    const char *out = example_directory();
    char first[256], then[512];
    trial layers = {.model = "mlp:hidden=16", .trainer = "admm:iterations=30"};
    trial gradient = {.model = "mlp:hidden=16", .trainer = "lockstep"};

    snprintf(first, sizeof first, "out=%s", out);
    layers.more = first;
    run_on(&layers, "sim:ranks=2");
    snprintf(then, sizeof then, "start=%s steps=1 rate=1e-9", out);
    gradient.more = then;
    run_on(&gradient, "self");
    cr_assert(eq(dbl, gradient.result.test_accuracy, layers.result.test_accuracy));
    cr_assert(fabs(gradient.result.test_loss - layers.result.test_loss) < 1e-4);
    example_remove(out);
    expect_refused("mlp:hidden=16", "lockstep", "start=/nowhere/at/all",
                   "/nowhere/at/all");
}

/* Beside the same work messages take nothing, or nearly all of the time. */
Test(admm, overlap_is_the_share_of_messages_behind_work)
{
    trial one = {.model = TEN_LAYERS,
                 .trainer = "admm:iterations=10,flops=1e9,grow=none"};
    trial fast = one, slow = one;

    run_on(&one, "self");
    cr_assert(eq(dbl, one.result.overlap, 0));
    run_on(&fast, "sim:ranks=2,rendezvous=true,alpha=1e-9,beta=1e-15");
    run_on(&slow, "sim:ranks=2,rendezvous=true,alpha=1,beta=1e-3");
    cr_assert(fast.result.overlap > 0.8 && fast.result.overlap <= 1, "%g",
              fast.result.overlap);
    cr_assert(slow.result.overlap > 0 && slow.result.overlap < 0.01, "%g",
              slow.result.overlap);
}

Test(pace, the_median_is_of_the_steps)
{
    trainer_pace p = {0};
    tally_result result = {0};

    expect_ok(trainer_pace_open(&p));
    for (int i = 0; i < 5; i++)
        trainer_pace_add(&p, (double[]){5, 1, 9, 2, 3}[i]);
    trainer_pace_tell(&p, &result);
    cr_assert(eq(dbl, result.seconds, 20));
    cr_assert(eq(dbl, result.step_median_seconds, 3));
    trainer_pace_close(&p);
}

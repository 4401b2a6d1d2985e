/* gather.c — error memory against its identities, DGC against its paper, hostile
 * messages, and what is refused. */

#include "tally/exchange.h"

#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { LENGTH = 300, STEPS = 12 };

typedef struct study {
    const char *exchange, *codec, *aggregate;
    double (*rate)(uint64_t step);
    void (*tamper)(void *context, uint64_t step, void *bytes, size_t size);
    int tampers; /* the rank that does */
    bool sick;   /* that rank has a NaN in step 3 */
    /* Called on every rank once all steps are over. */
    tally_status (*check)(const tally_exchange *x, const double *said,
                          const double *agreed);
} study;

static double value(int rank, uint64_t step, size_t i)
{
    return sin(1 + 0.37 * (double)i + rank) *
           cos((double)step + 0.01 * (double)(i * i));
}

static double steady(uint64_t step)
{
    (void)step;
    return 0.5;
}

static double falling(uint64_t step)
{
    return 1.0 / (double)(1 + step);
}

/* said: sum over steps of rate g, of this rank; agreed: of rate a. */
static tally_status take_steps(tally_comm *c, void *context)
{
    const study *y = context;
    size_t length = LENGTH;
    tally_layout layout = {0};
    tally_span plan[] = {
        {0,   128         },
        {128, LENGTH - 128}
    };
    bool whole;
    tally_exchange x = {.codec = y->codec, .aggregate = y->aggregate};
    double said[LENGTH] = {0}, agreed[LENGTH] = {0};
    tally_real v[LENGTH];

    if (c->rank == y->tampers) x.tamper = y->tamper;
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_is_whole(y->exchange, y->aggregate, &whole));
    if (whole) plan[0].count = LENGTH;
    tally_status status =
        tally_exchange_open(&x, y->exchange, c, &layout, plan, whole ? 1 : 2, 1);
    for (uint64_t step = 0; !status && step < STEPS; step++) {
        x.rate = y->rate(step);
        for (size_t i = 0; i < LENGTH; i++) {
            v[i] = (tally_real)value(c->rank, step, i);
            said[i] += x.rate * (double)v[i];
        }
        if (y->sick && c->rank == y->tampers && step == 3) v[7] = NAN;
        status = tally_exchange_all(&x, step, v);
        for (size_t i = 0; i < LENGTH; i++)
            agreed[i] += x.rate * (double)v[i];
    }
    if (!status && y->check) status = y->check(&x, said, agreed);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return status;
}

/* ---- nothing is lost ---- */

static const double *find_state(const tally_exchange *x, const char *name, double *to)
{
    memset(to, 0, LENGTH * sizeof *to);
    for (size_t k = 0; k < x->state.count; k++) {
        if (strcmp(x->state.slots[k].name, name) != 0) continue;
        for (size_t i = 0; i < LENGTH; i++)
            to[i] = (double)((const tally_real *)x->state.at[k])[i];
        return to;
    }
    return NULL;
}

/* Over all ranks: what was said is what was agreed plus what is still remembered, in
 * units of updates, whatever the rates were. */
static tally_status nothing_is_lost(const tally_exchange *x, const double *said,
                                    const double *agreed)
{
    double error[LENGTH], owner[LENGTH], sum[3][LENGTH];
    double(*all)[3][LENGTH] = calloc((size_t)x->comm->size, sizeof *all);

    if (!find_state(x, "error", error))
        return TALLY_FAIL(MISMATCH, "there is no error memory");
    find_state(x, "owner", owner);
    memcpy(sum[0], said, sizeof sum[0]);
    memcpy(sum[1], error, sizeof sum[1]);
    memcpy(sum[2], owner, sizeof sum[2]);
    TALLY_TRY(tally_gather_all(x->comm, sum, sizeof sum, all));
    for (size_t i = 0; i < LENGTH; i++) {
        double out = 0;

        for (int r = 0; r < x->comm->size; r++)
            out += all[r][0][i] - all[r][1][i] - all[r][2][i];
        if (!(fabs(out - agreed[i]) < 1e-4))
            return TALLY_FAIL(MISMATCH, "value %zu: said less remembered %g, agreed %g",
                              i, out, agreed[i]);
    }
    free(all);
    return TALLY_OK;
}

Test(gather, error_memory_loses_nothing)
{
    static const char *const codecs[] = {"sign:block=64", "topk:k=0.05", "two_bit",
                                         "randk:k=0.1,scale=false",
                                         "threshold:threshold=0.5"};
    static const char *const exchanges[] = {"gather:form=sharded", "gather:form=all",
                                            "gather:back=coded",
                                            "gather:back=coded,warmup=4"};

    for (size_t k = 0; k < sizeof codecs / sizeof *codecs; k++) {
        for (size_t e = 0; e < sizeof exchanges / sizeof *exchanges; e++) {
            study y = {.exchange = exchanges[e],
                       .codec = codecs[k],
                       .aggregate = "mean",
                       .rate = e % 2 ? steady : falling,
                       .check = nothing_is_lost};

            expect_ok(tally_launch("sim:ranks=3", take_steps, &y));
        }
    }
}

static tally_status remembers(const tally_exchange *x, bool wanted)
{
    double error[LENGTH], most = 0;

    find_state(x, "error", error);
    for (size_t i = 0; i < LENGTH; i++)
        most = fmax(most, fabs(error[i]));
    if (wanted == (most > 0)) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "what is remembered is up to %g", most);
}

static tally_status agreed_on_floats(const tally_exchange *x, const double *said,
                                     const double *agreed)
{
    TALLY_TRY(remembers(x, false));
    return nothing_is_lost(x, said, agreed);
}

static tally_status agreed_on_signs(const tally_exchange *x, const double *said,
                                    const double *agreed)
{
    TALLY_TRY(remembers(x, true));
    return nothing_is_lost(x, said, agreed);
}

/* STEPS is 12. */
Test(gather, a_warm_up_sends_floats_and_the_step_after_it_does_not)
{
    study y = {.exchange = "gather:back=coded,warmup=12",
               .codec = "sign",
               .aggregate = "mean",
               .rate = falling,
               .check = agreed_on_floats};

    expect_ok(tally_launch("sim:ranks=3", take_steps, &y));
    y.exchange = "gather:back=coded,warmup=11";
    y.check = agreed_on_signs;
    expect_ok(tally_launch("sim:ranks=3", take_steps, &y));
}

/* Messages that are added on their way, too. */
Test(gather, error_memory_works_with_sums)
{
    study y = {.exchange = "gather:form=sum",
               .codec = "randblock:k=0.1,scale=false",
               .aggregate = "mean",
               .rate = falling,
               .check = nothing_is_lost};

    expect_ok(tally_launch("sim:ranks=3", take_steps, &y));
}

static tally_status no_memory(const tally_exchange *x, const double *said,
                              const double *agreed)
{
    (void)said, (void)agreed;
    if (x->state.count == 0) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "%zu slots", x->state.count);
}

Test(gather, unbiased_codecs_have_no_memory)
{
    study y = {.exchange = "gather",
               .codec = "qsgd",
               .aggregate = "mean",
               .rate = steady,
               .check = no_memory};

    expect_ok(tally_launch("sim:ranks=3", take_steps, &y));
}

/* ---- Deep Gradient Compression, Algorithm 2, one rank, topk of 30 of 300 ---- */

static int fall(const void *a, const void *b)
{
    double x = **(double *const *)a, y = **(double *const *)b;

    return (fabs(x) < fabs(y)) - (fabs(x) > fabs(y));
}

static tally_status as_the_paper(const tally_exchange *x, const double *said,
                                 const double *agreed)
{
    double u[LENGTH] = {0}, v[LENGTH] = {0}, sum[LENGTH] = {0};

    (void)x, (void)said;
    for (uint64_t step = 0; step < STEPS; step++) {
        for (size_t span = 0; span < 2; span++) {
            size_t first = span ? 128 : 0, count = span ? LENGTH - 128 : 128;
            double *order[LENGTH];
            size_t kept = (size_t)ceil(0.1 * (double)count);

            for (size_t i = first; i < first + count; i++) {
                u[i] = 0.8 * u[i] + (double)(tally_real)value(0, step, i);
                v[i] += u[i];
                order[i - first] = &v[i];
            }
            qsort(order, count, sizeof *order, fall);
            for (size_t k = 0; k < kept; k++) {
                size_t i = (size_t)(order[k] - v);

                sum[i] += 0.5 * v[i];
                v[i] = u[i] = 0;
            }
        }
    }
    for (size_t i = 0; i < LENGTH; i++)
        if (!(fabs(sum[i] - agreed[i]) < 1e-4))
            return TALLY_FAIL(MISMATCH, "value %zu is %g, expected %g", i, agreed[i],
                              sum[i]);
    return TALLY_OK;
}

Test(gather, dgc_corrects_momentum_and_masks_factors)
{
    study y = {.exchange = "gather:memory=dgc,beta=0.8",
               .codec = "topk:k=0.1",
               .aggregate = "mean",
               .rate = steady,
               .check = as_the_paper};

    expect_ok(tally_launch("self", take_steps, &y));
}

/* ---- hostile messages ---- */

static void spoil(void *context, uint64_t step, void *bytes, size_t size)
{
    (void)context, (void)step;
    memset(bytes, 0xff, size);
}

/* All but the liar said about the same: the result is near it. */
static tally_status is_finite(const tally_exchange *x, const double *said,
                              const double *agreed)
{
    (void)x, (void)said;
    for (size_t i = 0; i < LENGTH; i++)
        if (!(fabs(agreed[i]) < 5 * STEPS))
            return TALLY_FAIL(MISMATCH, "value %zu is %g", i, agreed[i]);
    return TALLY_OK;
}

Test(gather, a_refused_message_is_a_liar_to_a_robust_aggregate)
{
    static const char *const robust[] = {"median", "trimmed_mean:b=1", "krum:f=1",
                                         "geometric_median", "bulyan:f=1"};
    static const char *const forms[] = {"gather:form=sharded", "gather:form=all"};

    for (size_t k = 0; k < sizeof robust / sizeof *robust; k++) {
        for (size_t f = 0; f < 2; f++) {
            study y = {.exchange = forms[f],
                       .codec = "qsgd",
                       .aggregate = robust[k],
                       .rate = steady,
                       .tamper = spoil,
                       .tampers = 2,
                       .check = is_finite};

            expect_ok(tally_launch("sim:ranks=7", take_steps, &y));
        }
    }
}

Test(gather, a_refused_message_ends_a_mean)
{
    study y = {.exchange = "gather",
               .codec = "qsgd",
               .aggregate = "mean",
               .rate = steady,
               .tamper = spoil,
               .tampers = 1};

    expect_fail(tally_launch("sim:ranks=3", take_steps, &y), FORMAT,
                "message of rank 1: codec qsgd: scale 0 is");
}

static tally_status memory_is_finite(const tally_exchange *x, const double *said,
                                     const double *agreed)
{
    double error[LENGTH];

    find_state(x, "error", error);
    for (size_t i = 0; i < LENGTH; i++)
        if (!isfinite(error[i])) return TALLY_FAIL(MISMATCH, "memory %zu is lost", i);
    return is_finite(x, said, agreed);
}

Test(gather, a_rank_with_memory_and_a_nan_is_dropped_once_or_diverges)
{
    study y = {.codec = "sign", .rate = steady, .sick = true, .tampers = 2};

    y.exchange = "gather:form=sharded";
    y.aggregate = "median";
    y.check = memory_is_finite;
    expect_ok(tally_launch("sim:ranks=5", take_steps, &y));
    y.exchange = "gather:form=all";
    y.codec = "topk:k=0.1";
    expect_ok(tally_launch("sim:ranks=5", take_steps, &y));
    y.aggregate = "mean";
    expect_fail(tally_launch("sim:ranks=5", take_steps, &y), DIVERGED,
                "step 4: what rank 2 says is lost: codec topk: entry ");
}

/* Codecs that have a message for it would repeat it for ever. */
Test(gather, a_nan_that_a_codec_can_say_is_not_remembered)
{
    static const char *const codecs[] = {"two_bit", "grid"};

    for (size_t k = 0; k < sizeof codecs / sizeof *codecs; k++) {
        study y = {.exchange = "gather",
                   .codec = codecs[k],
                   .aggregate = "median",
                   .rate = steady,
                   .sick = true,
                   .tampers = 2,
                   .check = memory_is_finite};

        expect_ok(tally_launch("sim:ranks=5", take_steps, &y));
        y.aggregate = "mean";
        expect_fail(tally_launch("sim:ranks=5", take_steps, &y), DIVERGED,
                    "step 4: what rank 2 says is lost: codec");
    }
}

/* ---- sharded and whole agree ---- */

static double results[2][LENGTH];
static size_t result_at;

static tally_status record(const tally_exchange *x, const double *said,
                           const double *agreed)
{
    (void)said;
    if (x->comm->rank == 0) memcpy(results[result_at], agreed, sizeof results[0]);
    return TALLY_OK;
}

Test(gather, owners_and_everyone_make_the_same)
{
    static const char *const aggregates[] = {"mean", "median", "krum:f=1",
                                             "centered_clip:tau=3", "geometric_median"};

    for (size_t k = 0; k < sizeof aggregates / sizeof *aggregates; k++) {
        study y = {.codec = "fp32",
                   .aggregate = aggregates[k],
                   .rate = steady,
                   .check = record};

        for (result_at = 0; result_at < 2; result_at++) {
            y.exchange = result_at ? "gather:form=all" : "gather:form=sharded";
            expect_ok(tally_launch("sim:ranks=5", take_steps, &y));
        }
        for (size_t i = 0; i < LENGTH; i++)
            cr_assert(epsilon_eq(dbl, results[0][i], results[1][i], 1e-5), "%s: %zu",
                      aggregates[k], i);
    }
}

/* ---- what is refused ---- */

static void refuse(const char *exchange, const char *codec, const char *aggregate,
                   const char *words)
{
    study y = {exchange, codec, aggregate, steady, NULL, 0, NULL};

    expect_fail(tally_launch("sim:ranks=4", take_steps, &y), OPTION, words);
}

Test(gather, options_that_make_no_sense_are_refused)
{
    refuse("gather:form=sum", "topk", "mean", "codec topk do not bear");
    refuse("gather:form=sum", "randk", "median", "makes a mean, not aggregate median");
    refuse("gather:form=all,back=coded", "sign", "mean",
           "back=coded is for form=sharded");
    refuse("gather:form=sum,warmup=3", "randblock:k=0.1,scale=false", "mean",
           "warmup=3 is not for form=sum");
    refuse("gather", "sgin", "mean", "did you mean sign?");
    refuse("gather", "sign", "krum:f=1", "needs n > 2 f + 2");
}

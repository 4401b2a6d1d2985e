/* cases.c — what every exchange must do, as a body that any comm can run. */

#include "exchange/cases.h"

#include "num/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const exchange_specs[] = {
    "allreduce",
    "allreduce:algorithm=native",
    "allreduce:algorithm=ring",
    "allreduce:algorithm=halving",
    "allreduce:algorithm=tree",
    "allreduce:algorithm=shm",
    "allreduce:algorithm=hier",
    "allreduce in_place",
    "ordered",
    "vote:zero=plus,tie=plus",
    "vote:zero=minus,tie=previous",
    "vote:zero=skip,tie=zero",
    "vote:zero=skip,tie=plus",
    "vote:zero=plus,tie=zero",
    "vote:zero=coin,tie=coin",
    "vote:form=server,zero=plus,tie=plus",
    "vote:form=server,zero=skip,tie=zero",
    "vote:form=server,zero=coin,tie=coin",
    "vote:form=hier,zero=plus,tie=plus",
    "vote:form=hier,zero=minus,tie=previous",
    "vote:form=hier,zero=skip,tie=zero",
    "vote:form=hier,zero=plus,tie=zero",
    "vote:form=hier,zero=coin,tie=coin",
    "gather:form=sharded",
    "gather:form=all",
    "gather:form=sharded codec=sign",
    "gather:form=all codec=sign",
    "gather:back=coded codec=sign",
    "gather codec=bf16",
    "gather codec=qsgd",
    "gather codec=ternary",
    "gather codec=topk:k=0.1",
    "gather:form=sharded codec=topk:k=0.1",
    "gather:memory=dgc codec=topk:k=0.1",
    "gather codec=threshold:threshold=0.3",
    "gather:form=sharded codec=threshold:threshold=0.3",
    "gather codec=randk:k=0.3",
    "gather:form=sharded codec=randblock:k=0.3",
    "gather aggregate=weighted_mean",
    "gather aggregate=majority",
    "gather aggregate=median",
    "gather:form=all codec=sign aggregate=median",
    "gather:form=sharded aggregate=trimmed_mean:b=1",
    "gather:form=sharded aggregate=krum:f=1",
    "gather:form=all aggregate=krum:f=1",
    "gather:form=sharded aggregate=multi_krum:f=1",
    "gather:form=sharded aggregate=bulyan:f=1",
    "gather:form=sharded aggregate=geometric_median",
    "gather:form=sharded aggregate=centered_clip:passes=3",
    "gather:form=sharded,bucket=2 aggregate=median",
    "gather:form=sharded,warmup=2 codec=sign",
    "gather:form=all,warmup=1 codec=topk:k=0.1",
    NULL,
};

static size_t count_specs(void)
{
    size_t n = 0;

    while (exchange_specs[n])
        n++;
    return n;
}

/* Whether a spec is one of that member. */
static bool is_of(const char *spec, const char *name)
{
    size_t length = strlen(name);

    return strncmp(spec, name, length) == 0 &&
           (spec[length] == '\0' || spec[length] == ':' || spec[length] == ' ');
}

static bool is_listed(const char *name)
{
    for (size_t k = 0; exchange_specs[k]; k++)
        if (is_of(exchange_specs[k], name)) return true;
    return false;
}

const char *exchange_spec_at(size_t i)
{
    const tally_about *about;
    size_t n = count_specs();

    if (i < n) return exchange_specs[i];
    for (size_t k = 0; (about = tally_family_at(&tally_exchange_family, k)); k++)
        if (!is_listed(about->name) && n++ == i) return about->name;
    return NULL;
}

enum { SEED = 11, ROUNDS = 3 };

/* Rank r's value i in a round: one in four is zero, some are -0.0. */
tally_real exchange_case_value(int r, uint64_t round, size_t i)
{
    uint64_t random =
        tally_random(SEED, TALLY_FOR_TESTS, round * 1000 + (uint64_t)r, i);

    if (random % 4 == 0) return random & 16 ? (tally_real)0 : -(tally_real)0;
    return (tally_real)((double)(random >> 11) * 0x1p-53 - 0.5);
}

/* "gather:form=all codec=sign aggregate=median", word by word; "in_place" is one. */
typedef struct parts {
    char exchange[64], codec[64], aggregate[64];
} parts;

static parts split(const char *spec)
{
    parts w = {.codec = "fp32", .aggregate = "mean"};
    const char *codec = strstr(spec, "codec="), *aggregate = strstr(spec, "aggregate=");

    snprintf(w.exchange, sizeof w.exchange, "%.*s", (int)strcspn(spec, " "), spec);
    if (codec)
        snprintf(w.codec, sizeof w.codec, "%.*s", (int)strcspn(codec + 6, " "),
                 codec + 6);
    if (aggregate)
        snprintf(w.aggregate, sizeof w.aggregate, "%.*s",
                 (int)strcspn(aggregate + 10, " "), aggregate + 10);
    return w;
}

static tally_status cut(const exchange_case *k, tally_span **plan, size_t *count)
{
    size_t span = k->span ? k->span : k->length;
    parts w = split(k->spec);
    bool whole;

    TALLY_TRY(tally_exchange_is_whole(w.exchange, w.aggregate, &whole));
    if (whole) span = k->length;
    *count = (k->length + span - 1) / span;
    *plan = calloc(*count, sizeof **plan);
    if (!*plan) return TALLY_FAIL(MEMORY, "no memory for a plan");
    for (size_t i = 0; i < *count; i++) {
        size_t first = i * span;

        (*plan)[i] =
            (tally_span){first, first + span < k->length ? span : k->length - first};
    }
    return TALLY_OK;
}

static bool has(const char *spec, const char *words)
{
    return strstr(spec, words) != NULL;
}

/* -1, 0 or 1: what rank r's ballot says; coins are not known here. */
static int ballot_of(const char *spec, tally_real v)
{
    if (v < 0) return -1;
    if (v > 0) return 1;
    return has(spec, "zero=minus") ? -1 : has(spec, "zero=skip") ? 0 : 1;
}

/* What the exchange should make of coordinate i, or NAN when a coin decides; previous:
 * the verdict of the round before. */
static double expected(const exchange_case *k, int size, uint64_t round, size_t i,
                       double previous)
{
    double sum = 0;
    int votes = 0;

    for (int r = 0; r < size; r++) {
        sum += (double)exchange_case_value(r, round, i);
        votes += ballot_of(k->spec, exchange_case_value(r, round, i));
    }
    if (!has(k->spec, "vote")) return sum;
    if (has(k->spec, "zero=coin")) return (double)NAN;
    if (votes != 0) return votes < 0 ? -1 : 1;
    return has(k->spec, "tie=plus") ? 1 : has(k->spec, "tie=zero") ? 0 : previous;
}

/* A sum of n terms below 1/2 in tally_real, in any order, is off by at most n - 1
 * roundings of partial sums below n / 2. */
static double tolerance(int size)
{
    double epsilon = sizeof(tally_real) == 4 ? 0x1p-24 : 0x1p-53;

    return (double)size * (double)size / 2 * epsilon;
}

/* Gather sends floats, multiplies each by n (n / 2 at most) and divides the sum, up to
 * n^2 / 2, by n: as many roundings, n times as large and divided by n, and two more. */
static double gather_tolerance(int size)
{
    return ((double)size * (double)size / 2 + 2 * size) * 0x1p-24;
}

/* Those whose result is the sum, or a vote. */
static bool is_known(const char *spec)
{
    if (is_of(spec, "gather")) return !has(spec, "codec=") && !has(spec, "aggregate=");
    return is_of(spec, "allreduce") || is_of(spec, "ordered") || is_of(spec, "vote");
}

/* Nothing to compare with where nobody wrote a spec: agreement and bytes must do.  One
 * rank looks at the values, since all have the same bits: check_agreement. */
static tally_status check_values(const exchange_case *k, tally_comm *c, uint64_t round,
                                 const tally_real *v, double *previous)
{
    if (!is_known(k->spec)) return TALLY_OK;
    for (size_t i = 0; i < k->length; i++) {
        double want = expected(k, c->size, round, i, previous[i]);

        if (isnan(want) && (v[i] == 1 || v[i] == -1)) continue;
        if (!(fabs((double)v[i] - want) <= (has(k->spec, "vote") ? 0
                                            : has(k->spec, "gather")
                                                ? gather_tolerance(c->size)
                                                : tolerance(c->size))))
            return TALLY_FAIL(
                MISMATCH,
                "%s, round %d, length %zu, span %zu: value %zu is %g, expected %g",
                k->spec, (int)round, k->length, k->span, i, (double)v[i], want);
        previous[i] = want;
    }
    return TALLY_OK;
}

static tally_status check_agreement(const exchange_case *k, tally_comm *c,
                                    const tally_real *v)
{
    size_t bytes = k->length * sizeof *v;
    tally_real *all = malloc(bytes * (size_t)c->size);
    tally_status status = tally_gather_all(c, v, bytes, all);

    for (int r = 0; !status && r < c->size; r++)
        if (memcmp(all + (size_t)r * k->length, v, bytes) != 0)
            status =
                TALLY_FAIL(MISMATCH, "%s: ranks %d and %d do not hold the same bits",
                           k->spec, r, c->rank);
    free(all);
    return status;
}

static tally_status check_bytes(const tally_exchange *x, uint64_t step, uint64_t before)
{
    uint64_t sent = x->comm->traffic[TALLY_EXCHANGE].bytes_sent - before;
    uint64_t said = tally_exchange_wire(x, step);

    if (sent == said) return TALLY_OK;
    if (has(x->codec, "threshold") && sent < said) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "%s of %d ranks sent %llu bytes and announced %llu",
                      x->ops->about.name, x->comm->size, (unsigned long long)sent,
                      (unsigned long long)said);
}

static tally_status run_round(const exchange_case *k, tally_exchange *x, uint64_t round,
                              tally_real *v, double *previous)
{
    uint64_t before = x->comm->traffic[TALLY_EXCHANGE].bytes_sent;

    for (size_t i = 0; i < k->length; i++)
        v[i] = exchange_case_value(x->comm->rank, round, i);
    TALLY_TRY(tally_exchange_all(x, round, v));
    if (x->comm->rank == 0) TALLY_TRY(check_values(k, x->comm, round, v, previous));
    TALLY_TRY(check_bytes(x, round, before));
    return check_agreement(k, x->comm, v);
}

/* What was said to each link, tensor by tensor, is what was counted there: the comm's
 * count of all that it sent, and of what went to other nodes. */
static tally_status check_ledger(const tally_exchange *x, const tally_traffic *before)
{
    const tally_traffic *now = &x->comm->traffic[TALLY_EXCHANGE];
    uint64_t away = now->sent_away - before->sent_away,
             near = now->bytes_sent - before->bytes_sent - away;
    tally_ledger l = {0};
    tally_status status = tally_exchange_ledger(x, 0, ROUNDS, &l);
    tally_entry each[] = {tally_ledger_sum(&l, TALLY_NEAR),
                          tally_ledger_sum(&l, TALLY_AWAY)};
    bool exact = l.certainty != TALLY_AT_MOST;

    for (size_t t = 0; !status && t < l.count; t++)
        for (int link = 0; link < TALLY_LINKS; link++) {
            const tally_entry *e = &l.at[t][link];

            if (exact ? e->predicted != e->counted : e->predicted < e->counted)
                status = TALLY_FAIL(
                    MISMATCH, "%s, tensor %zu, link %d: predicted %llu, counted %llu",
                    x->ops->about.name, t, link, (unsigned long long)e->predicted,
                    (unsigned long long)e->counted);
            if (e->encoded > e->counted)
                status = TALLY_FAIL(MISMATCH, "%s: more encoded than sent",
                                    x->ops->about.name);
        }
    if (!status &&
        (each[TALLY_NEAR].counted != near || each[TALLY_AWAY].counted != away))
        status =
            TALLY_FAIL(MISMATCH,
                       "%s: the ledger has %llu and %llu, the comm "
                       "%llu and %llu",
                       x->ops->about.name, (unsigned long long)each[TALLY_NEAR].counted,
                       (unsigned long long)each[TALLY_AWAY].counted,
                       (unsigned long long)near, (unsigned long long)away);
    tally_ledger_close(&l);
    return status;
}

/* Tensors that begin and end anywhere; one is a matrix where there is room. */
static tally_status lay_out(tally_layout *layout, size_t length)
{
    size_t rows = length / 40, matrix = 13 * rows, rest = length - matrix;
    size_t front = rest / 3, back = rest - front;

    if (front)
        TALLY_TRY(tally_layout_add(layout, "a", TALLY_BIAS, 1, (size_t[]){front}));
    if (matrix)
        TALLY_TRY(tally_layout_add(layout, "b", TALLY_WEIGHT, 2, (size_t[]){rows, 13}));
    return tally_layout_add(layout, "c", TALLY_BIAS, 1, (size_t[]){back});
}

tally_status exchange_case_run(tally_comm *c, void *context)
{
    const exchange_case *k = context;
    tally_layout layout = {0};
    tally_exchange x = {0};
    tally_span *plan = NULL;
    size_t count = 0;
    tally_real *v = tally_allocate(k->length, sizeof *v);
    double *previous = tally_allocate(k->length, sizeof *previous);

    for (size_t i = 0; i < k->length; i++)
        previous[i] = 1;
    tally_traffic before = c->traffic[TALLY_EXCHANGE];
    tally_status status = lay_out(&layout, k->length);
    if (!status) status = cut(k, &plan, &count);
    parts w = split(k->spec);
    x.codec = w.codec;
    x.aggregate = w.aggregate;
    x.in_place = has(k->spec, "in_place");
    if (!status)
        status = tally_exchange_open(&x, w.exchange, c, &layout, plan, count, SEED);
    /* Too few ranks for the aggregate: refused, which is right. */
    bool refused = status == TALLY_OPTION && has(tally_error_sentence(), "needs n");
    if (refused) status = TALLY_OK;
    for (uint64_t round = 0; !refused && !status && round < ROUNDS; round++)
        status = run_round(k, &x, round, v, previous);
    if (!refused && !status) status = check_ledger(&x, &before);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    free(plan);
    free(v);
    free(previous);
    return status;
}

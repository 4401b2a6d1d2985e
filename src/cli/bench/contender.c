/* contender.c — one repeat of an exchange, timed and checked.
 *
 *     v <- values whose sum is known
 *     barrier, clock on, start and finish every span (and move the weights), clock off
 *     every value against its naive sum or majority
 *     hashes of all ranks against each other, bytes sent against those promised
 *
 * A repeat lasts as long as its slowest rank.  What was agreed stays in its own form:
 * bits of a vote are not expanded inside the clock. */

#include "cli/bench/contender.h"

#include "trainer/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- the vectors ---- */

/* As square a matrix as powers of two make it: powersgd compresses no vector. */
static size_t rows_of(size_t n)
{
    size_t rows = 1;

    while (n % (2 * rows) == 0 && 4 * rows * rows <= n)
        rows *= 2;
    return rows;
}

tally_status bench_arena_open(bench_arena *a, size_t bytes)
{
    size_t n = (bytes + sizeof(tally_real) - 1) / sizeof(tally_real);

    size_t rows = rows_of(n), shape[2] = {rows, n / rows};

    TALLY_TRY(tally_layout_add(&a->layout, "v", TALLY_WEIGHT, 2, shape));
    a->v = tally_allocate(n, sizeof *a->v);
    if (!a->v) return TALLY_FAIL(MEMORY, "no memory for a vector of %zu values", n);
    if (!a->update) return TALLY_OK;
    a->w = tally_allocate(n, sizeof *a->w);
    a->room = tally_allocate(n, sizeof *a->room);
    a->traffic = calloc(BENCH_REPEATS_MOST + BENCH_WARM_UPS, sizeof *a->traffic);
    if (!a->w || !a->room || !a->traffic)
        return TALLY_FAIL(MEMORY, "no memory for %zu weights", n);
    memset(a->w, 0, n * sizeof *a->w);
    memset(a->room, 0, n * sizeof *a->room);
    return TALLY_OK;
}

void bench_arena_close(bench_arena *a)
{
    free(a->v);
    free(a->w);
    free(a->room);
    free(a->traffic);
    a->v = a->w = a->room = NULL;
    a->traffic = NULL;
    tally_layout_close(&a->layout);
}

tally_status bench_arena_traffic(bench_arena *a, uint64_t repeat)
{
    tally_comm *c = a->comm;
    bench_record mine = {0};

    TALLY_TRY(tally_barrier(c));
    double begin = tally_now(c);
    bench_traffic(a->v, a->w, a->layout.length);
    mine.seconds = tally_now(c) - begin;
    TALLY_TRY(tally_gather_all(c, &mine, sizeof mine, a->records));
    a->traffic[repeat] = 0;
    for (int r = 0; r < c->size; r++)
        a->traffic[repeat] = fmax(a->traffic[repeat], a->records[r].seconds);
    return TALLY_OK;
}

/* ---- a contender ---- */

/* What is known of the results of each; the errors of others are told. */
static bench_check check_of(const tally_exchange *x)
{
    static const struct {
        const char *name;
        bench_check check;
    } known[] = {
        {"allreduce", BENCH_EXACT   },
        {"ordered",   BENCH_EXACT   },
        {"vote",      BENCH_MAJORITY}
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, x->ops->about.name) == 0) return known[i].check;
    return BENCH_AGREED;
}

static bench_tie tie_of(const tally_exchange *x)
{
    char text[512];

    if (tally_options_print(&x->ops->about, x->options, text, sizeof text))
        return BENCH_TIE_EITHER;
    return strstr(text, "tie=plus")   ? BENCH_TIE_PLUS
           : strstr(text, "tie=zero") ? BENCH_TIE_ZERO
                                      : BENCH_TIE_EITHER;
}

tally_status bench_exchange_find(const char *spec, const tally_about **about)
{
    char name[64];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, ":"), spec);
    return tally_family_find(&tally_exchange_family, name, about);
}

tally_status bench_contender_open(bench_contender *o, const char *spec,
                                  const char *codec, bench_arena *a)
{
    const tally_about *about;

    snprintf(o->name, sizeof o->name, "%s%s%s", spec, codec ? " codec=" : "",
             codec ? codec : "");
    o->x.codec = codec;
    TALLY_TRY(bench_exchange_find(spec, &about));
    bool whole = ((const tally_exchange_ops *)(const void *)about)->whole;
    TALLY_TRY(tally_plan(&a->layout, whole ? 0 : a->bucket, &o->plan, &o->spans));
    o->agreed = calloc(o->spans, sizeof *o->agreed);
    o->times = calloc(BENCH_REPEATS_MOST + BENCH_WARM_UPS, sizeof *o->times);
    if (!o->agreed || !o->times)
        return TALLY_FAIL(MEMORY, "no memory for the times of %s", o->name);
    TALLY_TRY(
        tally_exchange_open(&o->x, spec, a->comm, &a->layout, o->plan, o->spans, 1));
    o->check = check_of(&o->x);
    o->tie = tie_of(&o->x);
    o->step.rate = 1e-6;
    if (!a->update) return TALLY_OK;
    return tally_rule_open(&o->rule, o->x.ops->form == TALLY_BITS ? "signsgd" : "sgd",
                           &a->layout);
}

void bench_contender_close(bench_contender *o)
{
    tally_exchange_close(&o->x);
    tally_rule_close(&o->rule);
    free(o->plan);
    free(o->agreed);
    free(o->times);
    *o = (bench_contender){0};
}

/* ---- one repeat ---- */

/* Last span first, as a backward pass hands them over. */
static tally_status exchange(const bench_arena *a, bench_contender *o, uint64_t step)
{
    tally_exchange *x = &o->x;
    tally_real *v = a->v;

    o->step.number = step + 1;

    for (size_t k = o->spans; k-- > 0;)
        TALLY_TRY(x->ops->start(x, k, step, (tally_view){.values = v}));
    for (size_t k = o->spans; k-- > 0;) {
        o->agreed[k] = (tally_view){0};
        TALLY_TRY(x->ops->finish(x, k, &o->agreed[k]));
        if (a->w)
            TALLY_TRY(tally_rule_apply(&o->rule, &o->step, o->plan[k], a->w,
                                       o->agreed[k], a->room));
    }
    return TALLY_OK;
}

static tally_status compare(const bench_record *all, int size)
{
    for (int r = 1; r < size; r++)
        if (all[r].hash != all[0].hash)
            return TALLY_FAIL(MISMATCH, "rank %d ends with other values than rank 0",
                              r);
    return TALLY_OK;
}

static tally_status check_bytes(const bench_contender *o, uint64_t step, uint64_t sent)
{
    unsigned long long promised = tally_exchange_wire(&o->x, step), was = sent;

    if (was == promised) return TALLY_OK;
    if (o->x.certainty == TALLY_AT_MOST && was < promised) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "%llu bytes were sent, %llu were promised", was,
                      promised);
}

/* What this rank sees of a repeat; `all` when the records have come. */
static tally_status check(const bench_contender *o, bench_arena *a, uint64_t repeat,
                          const bench_record *mine, const bench_record *all)
{
    size_t n = a->layout.length;
    tally_status status;

    if (all) {
        status = compare(all, a->comm->size);
    } else {
        status = check_bytes(o, repeat, mine->sent);
        if (!status) status = bench_values_check(&a->values, o->check, o->tie, a->v, n);
    }
    if (!status) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "exchange %s of %zu values, repeat %llu: %s", o->name,
                      n, (unsigned long long)repeat, tally_error_sentence());
}

/* Fails on all ranks when it went wrong on one. */
static tally_status sum_up(bench_contender *o, bench_arena *a, uint64_t repeat,
                           const bench_record *mine)
{
    TALLY_TRY(tally_agree(a->comm, check(o, a, repeat, mine, NULL)));
    TALLY_TRY(tally_gather_all(a->comm, mine, sizeof *mine, a->records));
    TALLY_TRY(tally_agree(a->comm, check(o, a, repeat, mine, a->records)));
    o->times[repeat] = o->sent = 0;
    for (int r = 0; r < a->comm->size; r++) {
        o->times[repeat] = fmax(o->times[repeat], a->records[r].seconds);
        o->sent = fmax(o->sent, (double)a->records[r].sent);
    }
    if (repeat == 0 && o->check != BENCH_MAJORITY)
        o->error = bench_values_error(&a->values, a->v, a->layout.length);
    return TALLY_OK;
}

tally_status bench_contender_take(bench_contender *o, bench_arena *a, uint64_t repeat)
{
    tally_comm *c = a->comm;
    uint64_t sent = c->traffic[TALLY_EXCHANGE].bytes_sent;
    bench_record mine = {0};

    bench_values_make(&a->values, c, repeat);
    bench_values_write(&a->values, a->v, a->layout.length);
    TALLY_TRY(tally_barrier(c));
    double begin = tally_now(c);
    TALLY_TRY(exchange(a, o, repeat));
    mine.seconds = tally_now(c) - begin;
    mine.sent = c->traffic[TALLY_EXCHANGE].bytes_sent - sent;
    for (size_t i = 0; i < o->spans; i++)
        tally_view_numbers(o->agreed[i], o->plan[i], a->v);
    mine.hash = XXH3_64bits(a->v, a->layout.length * sizeof *a->v);
    return sum_up(o, a, repeat, &mine);
}

/* conformance.c — what every aggregate promises, over every member: sharded it gives
 * what it gives whole, rows that agree win, liars that are infinite do not matter to a
 * robust one, and numbers of rows that it cannot bear are refused with an inequality.
 */

#include "tally/aggregate.h"

#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum { LENGTH = 200, MOST = 16 };

static tally_layout layout_of(size_t length)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    return layout;
}

static tally_status keep(void *context, double *v, size_t m)
{
    (void)context, (void)v, (void)m;
    return TALLY_OK;
}

/* ---- shards as threads that meet at each sum ---- */

typedef struct meeting {
    pthread_barrier_t barrier;
    size_t shards;
    double sums[MOST][MOST * MOST];
} meeting;

typedef struct shard {
    meeting *m;
    size_t index;
    const char *spec;
    const tally_layout *layout;
    size_t n, first, count;
    tally_real (*u)[LENGTH]; /* n rows */
    tally_real *result;
    tally_status status;
} shard;

static tally_status add(void *context, double *v, size_t m)
{
    shard *s = context;

    memcpy(s->m->sums[s->index], v, m * sizeof *v);
    pthread_barrier_wait(&s->m->barrier);
    memset(v, 0, m * sizeof *v);
    for (size_t k = 0; k < s->m->shards; k++)
        for (size_t i = 0; i < m; i++)
            v[i] += s->m->sums[k][i];
    pthread_barrier_wait(&s->m->barrier);
    return TALLY_OK;
}

static void *combine_shard(void *context)
{
    shard *s = context;
    tally_real rows[MOST][LENGTH], *at[MOST];
    tally_aggregate a;

    for (size_t r = 0; r < s->n; r++) {
        memcpy(rows[r], s->u[r] + s->first, s->count * sizeof **rows);
        at[r] = rows[r];
    }
    s->status = tally_aggregate_open(&a, s->spec, s->layout, s->n, 1, 1);
    if (!s->status)
        s->status = tally_aggregate_combine(&a,
                                            (tally_rows){.n = s->n,
                                                         .first = s->first,
                                                         .count = s->count,
                                                         .at = at,
                                                         .sum = s->m ? add : keep,
                                                         .context = s},
                                            s->result);
    tally_aggregate_close(&a);
    return NULL;
}

/* result <- the aggregate of u in one piece. */
static void combine_whole(const char *spec, size_t n, tally_real (*u)[LENGTH],
                          tally_real *result)
{
    tally_layout layout = layout_of(LENGTH);
    shard s = {.spec = spec,
               .layout = &layout,
               .n = n,
               .count = LENGTH,
               .u = u,
               .result = result};

    combine_shard(&s);
    expect_ok(s.status);
    tally_layout_close(&layout);
}

static void combine_sharded(const char *spec, size_t n, tally_real (*u)[LENGTH],
                            tally_real *result)
{
    static const size_t cut[] = {0, 70, 70, 199, LENGTH}; /* one shard is empty */
    static meeting m;
    tally_layout layout = layout_of(LENGTH);
    pthread_t thread[4];
    shard s[4];

    m.shards = 4;
    pthread_barrier_init(&m.barrier, NULL, 4);
    for (size_t k = 0; k < 4; k++) {
        s[k] = (shard){.m = &m,
                       .index = k,
                       .spec = spec,
                       .layout = &layout,
                       .n = n,
                       .first = cut[k],
                       .count = cut[k + 1] - cut[k],
                       .u = u,
                       .result = result + cut[k]};
        pthread_create(&thread[k], NULL, combine_shard, &s[k]);
    }
    for (size_t k = 0; k < 4; k++) {
        pthread_join(thread[k], NULL);
        expect_ok(s[k].status);
    }
    pthread_barrier_destroy(&m.barrier);
    tally_layout_close(&layout);
}

static void fill(tally_real (*u)[LENGTH], size_t n)
{
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < LENGTH; i++) {
            double pair[2];

            tally_random_normal(4, TALLY_FOR_TESTS, r, i, pair);
            u[r][i] = (tally_real)(sin((double)i) + 0.3 * pair[0]);
        }
}

Test(aggregate, shards_give_what_the_whole_gives)
{
    static tally_real u[MOST][LENGTH];
    const tally_about *about;

    fill(u, 9);
    for (size_t k = 0; (about = tally_family_at(&tally_aggregate_family, k)); k++) {
        tally_real whole[LENGTH], sharded[LENGTH];

        combine_whole(about->name, 9, u, whole);
        combine_sharded(about->name, 9, u, sharded);
        /* Norms are added in another order: weights may differ in the last place. */
        for (size_t i = 0; i < LENGTH; i++)
            cr_assert(fabs((double)(whole[i] - sharded[i])) <=
                          8 * REAL_EPSILON * (1 + fabs((double)whole[i])),
                      "%s: value %zu is %g in shards, %g whole", about->name, i,
                      (double)sharded[i], (double)whole[i]);
    }
}

/* What all rows say is what comes out (of a majority its sign; clipping, which starts
 * at zero, goes all the way when tau allows). */
Test(aggregate, rows_that_agree_are_the_result)
{
    static tally_real u[MOST][LENGTH];
    const tally_about *about;

    fill(u, 1);
    for (size_t r = 1; r < 9; r++)
        memcpy(u[r], u[0], sizeof u[0]);
    for (size_t k = 0; (about = tally_family_at(&tally_aggregate_family, k)); k++) {
        tally_real result[LENGTH];
        bool signs = strcmp(about->name, "majority") == 0;
        bool clips = strcmp(about->name, "centered_clip") == 0;

        combine_whole(clips ? "centered_clip:tau=1000" : about->name, 9, u, result);
        for (size_t i = 0; i < LENGTH; i++) {
            double want = (double)u[0][i];

            if (signs) want = want > 0 ? 1 : -1;
            cr_assert(epsilon_eq(dbl, (double)result[i], want, 16 * REAL_EPSILON));
        }
    }
}

/* One rank in nine sends NaN and infinities: a robust aggregate stays within the honest
 * values (or is a sign); clipping moves from 0 towards them. */
Test(aggregate, a_robust_one_bears_what_is_not_finite)
{
    static tally_real u[MOST][LENGTH];
    const tally_about *about;

    for (size_t k = 0; (about = tally_family_at(&tally_aggregate_family, k)); k++) {
        const tally_aggregate_ops *ops = (const void *)about;
        tally_real result[LENGTH];

        if (!ops->robust) continue;
        fill(u, 9);
        for (size_t i = 0; i < LENGTH; i++)
            u[4][i] = (tally_real)(i % 3 == 0   ? (double)NAN
                                   : i % 3 == 1 ? (double)INFINITY
                                                : -(double)INFINITY);
        combine_whole(about->name, 9, u, result);
        for (size_t i = 0; i < LENGTH; i++)
            cr_assert(fabs((double)result[i]) <= 3, "%s: value %zu is %g", about->name,
                      i, (double)result[i]);
    }
}

/* The mean is moved by one liar as far as that likes; so much for robust = false. */
Test(aggregate, the_mean_follows_a_liar)
{
    static tally_real u[MOST][LENGTH];
    tally_real result[LENGTH];

    fill(u, 9);
    u[4][0] = (tally_real)9e6;
    combine_whole("mean", 9, u, result);
    cr_assert(lt(dbl, 9e5, (double)result[0]));
}

static void refuse(const char *spec, size_t n, const char *words)
{
    tally_layout layout = layout_of(LENGTH);
    tally_aggregate a;

    expect_fail(tally_aggregate_open(&a, spec, &layout, n, 1, 1), OPTION, words);
    tally_aggregate_close(&a);
    tally_layout_close(&layout);
}

static void accept(const char *spec, size_t n, size_t bucket)
{
    tally_layout layout = layout_of(LENGTH);
    tally_aggregate a;

    expect_ok(tally_aggregate_open(&a, spec, &layout, n, bucket, 1));
    tally_aggregate_close(&a);
    tally_layout_close(&layout);
}

Test(aggregate, too_few_rows_are_refused_with_the_inequality)
{
    refuse("krum:f=3", 8, "n=8 rows with f=3, needs n > 2 f + 2");
    accept("krum:f=3", 9, 1);
    refuse("multi_krum:f=3", 8, "needs n > 2 f + 2");
    refuse("multi_krum:f=2,q=8", 9, "needs q <= n - f");
    refuse("bulyan:f=2", 10, "n=10 rows with f=2, needs n >= 4 f + 3");
    accept("bulyan:f=2", 11, 1);
    refuse("trimmed_mean:b=4", 8, "b=4 of n=8 rows leaves none, needs n > 2 b");
    accept("trimmed_mean:b=4", 9, 1);
    refuse("weighted_mean:weights=1x2", 3, "2 weights for 3 rows");
    refuse("weighted_mean:weights=0x0", 2, "every weight is 0");
    refuse("kurm", 9, "did you mean krum?");
    accept("krum:f=1", 10, 2); /* five buckets */
    refuse("krum:f=2", 6, "n=6");
}

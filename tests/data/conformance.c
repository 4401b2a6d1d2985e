/* What every source promises, for each that can be opened without arguments. */

#include "data/archive.h"
#include "data/scratch.h"
#include "data/source.h"
#include "support/expect.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* The sources that read files get small ones. */
static const char *spec_of(const char *name)
{
    static const char rows[] = "1 1:1 2:-0.5\n-1\n2 2:3\n";
    static const char table[] = "x,y,z\n1,no,-0.5\n0,yes,2e3\n0,no,0\n";
    static char spec[2200];

    snprintf(spec, sizeof spec, "%s", name);
    if (strcmp(name, "idx") == 0) {
        scratch_write_small();
        snprintf(spec, sizeof spec, "idx:dir=%s", scratch_path(""));
    }
    if (strcmp(name, "libsvm") == 0) {
        scratch_write("rows", rows, sizeof rows - 1);
        snprintf(spec, sizeof spec, "libsvm:train=%s", scratch_path("rows"));
    }
    if (strcmp(name, "csv") == 0) {
        scratch_write("table", table, sizeof table - 1);
        snprintf(spec, sizeof spec, "csv:train=%s,label=y", scratch_path("table"));
    }
    if (strcmp(name, "graph") == 0) {
        archive_write_small();
        size_t used = (size_t)snprintf(spec, sizeof spec, "graph:file=%s",
                                       scratch_path("graph.npz"));

        snprintf(spec + used, sizeof spec - used, ",split=%s",
                 scratch_path("split.npz"));
    }
    return spec;
}

TestSuite(sources, .init = scratch_open, .fini = scratch_close);

/* Calls check for every open source. */
static void for_each(void (*check)(const tally_source *s))
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_source_family, i)); i++) {
        tally_source s;

        expect_ok(tally_source_open(&s, spec_of(about->name)));
        check(&s);
        tally_source_close(&s);
    }
}

static size_t count_of(const tally_source *s, tally_split split)
{
    if (split == TALLY_VALIDATE && s->validate_count) return s->validate_count;
    return split == TALLY_TEST ? s->test_count : s->train_count;
}

/* All rows of a split, last first. */
typedef struct batch {
    size_t count;
    uint64_t *rows;
    tally_real *x;
    int32_t *label;
} batch;

static batch fetch_all(const tally_source *s, tally_split split)
{
    size_t n = count_of(s, split);
    batch b = {.count = n,
               .rows = malloc(n * sizeof *b.rows),
               .x = malloc(n * s->features * sizeof *b.x),
               .label = malloc(n * sizeof *b.label)};

    for (size_t i = 0; i < n; i++)
        b.rows[i] = n - 1 - i;
    expect_ok(s->ops->fetch(s, split, b.rows, n, b.x, b.label));
    return b;
}

static void release(batch *b)
{
    free(b->rows);
    free(b->x);
    free(b->label);
}

static void check_equal(const tally_source *s, const batch *a, const batch *b)
{
    cr_assert(memcmp(a->x, b->x, a->count * s->features * sizeof *a->x) == 0);
    cr_assert(memcmp(a->label, b->label, a->count * sizeof *a->label) == 0);
}

static void check_facts(const tally_source *s)
{
    cr_assert(s->features > 0 && s->classes > 1 && s->train_count > 0);
    if (s->shape[0])
        cr_assert(eq(sz, s->shape[0] * s->shape[1] * s->shape[2], s->features));
}

Test(sources, say_how_large_they_are)
{
    for_each(check_facts);
}

static void check_repeats(const tally_source *s)
{
    for (int split = TALLY_TRAIN; split <= TALLY_TEST; split++) {
        batch a = fetch_all(s, (tally_split)split),
              b = fetch_all(s, (tally_split)split);

        check_equal(s, &a, &b);
        release(&a);
        release(&b);
    }
}

Test(sources, give_the_same_twice)
{
    for_each(check_repeats);
}

static void check_validation(const tally_source *s)
{
    if (s->validate_count) return; /* its own */
    batch a = fetch_all(s, TALLY_TRAIN), b = fetch_all(s, TALLY_VALIDATE);

    check_equal(s, &a, &b);
    release(&a);
    release(&b);
}

Test(sources, take_validation_rows_from_the_training_set_or_bring_them)
{
    for_each(check_validation);
}

static void check_rows_alone(const tally_source *s)
{
    batch all = fetch_all(s, TALLY_TRAIN);
    tally_real *x = malloc(s->features * sizeof *x);

    for (size_t i = 0; i < all.count; i += 97) {
        int32_t label;

        expect_ok(s->ops->fetch(s, TALLY_TRAIN, &all.rows[i], 1, x, &label));
        cr_assert(memcmp(x, all.x + i * s->features, s->features * sizeof *x) == 0);
        cr_assert(eq(int, label, all.label[i]));
    }
    free(x);
    release(&all);
}

Test(sources, give_a_row_the_same_alone_or_in_a_batch)
{
    for_each(check_rows_alone);
}

static void check_ranges(const tally_source *s)
{
    for (int split = TALLY_TRAIN; split <= TALLY_TEST; split++) {
        batch b = fetch_all(s, (tally_split)split);

        for (size_t i = 0; i < b.count; i++)
            cr_assert(b.label[i] >= 0 && (size_t)b.label[i] < s->classes);
        for (size_t i = 0; i < b.count * s->features; i++)
            cr_assert(isfinite((double)b.x[i]));
        release(&b);
    }
}

Test(sources, have_labels_in_range_and_finite_features)
{
    for_each(check_ranges);
}

/* Whether it scales all values together so, without being asked. */
static bool is_standard(const tally_source *s)
{
    const tally_option *o = s->ops->about.options;

    while (o->name && strcmp(o->name, "scale") != 0)
        o++;
    return o->name && strcmp(o->initial, "standard") == 0;
}

/* With u half a unit of tally_real, each x is off by at most u |x| <= u M, M the
 * largest |x|: so is the mean.  Each x^2 is off by 2 u x^2 (and a little), so the
 * deviation by u.  The plain sums of n doubles add n DBL_EPSILON M of their terms. */
static void check_standard(const tally_source *s)
{
    if (!is_standard(s)) return;
    batch b = fetch_all(s, TALLY_TRAIN);
    size_t n = b.count * s->features;
    double sum = 0, squares = 0, most = 1;
    double unit = sizeof(tally_real) == 4 ? FLT_EPSILON : DBL_EPSILON;

    for (size_t i = 0; i < n; i++) {
        double x = (double)b.x[i];

        sum += x;
        squares += x * x;
        if (fabs(x) > most) most = fabs(x);
    }
    double tolerance = (unit + (double)n * DBL_EPSILON) * most;
    cr_assert(lt(dbl, fabs(sum / (double)n), tolerance));
    cr_assert(lt(dbl, fabs(sqrt(squares / (double)n) - 1), tolerance));
    release(&b);
}

Test(sources, in_standard_scale_have_mean_0_and_deviation_1)
{
    for_each(check_standard);
}

static void check_hash(const tally_source *s)
{
    static uint64_t seen[64];
    static size_t count;
    tally_source again;

    expect_ok(tally_source_open(&again, spec_of(s->ops->about.name)));
    cr_assert(eq(u64, again.hash, s->hash));
    tally_source_close(&again);
    for (size_t i = 0; i < count; i++)
        cr_assert(ne(u64, seen[i], s->hash));
    seen[count++] = s->hash;
}

Test(sources, have_a_stable_hash_of_their_own)
{
    for_each(check_hash);
}

static void *fetch_thread(void *source)
{
    const tally_source *s = source;
    batch *b = malloc(sizeof *b);

    *b = fetch_all(s, TALLY_TRAIN);
    return b;
}

static void check_threads(const tally_source *s)
{
    batch alone = fetch_all(s, TALLY_TRAIN);
    pthread_t thread[3];

    for (int i = 0; i < 3; i++)
        cr_assert(pthread_create(&thread[i], NULL, fetch_thread, (void *)s) == 0);
    for (int i = 0; i < 3; i++) {
        void *result;

        pthread_join(thread[i], &result);
        check_equal(s, &alone, result);
        release(result);
        free(result);
    }
    release(&alone);
}

Test(sources, are_safe_from_several_threads)
{
    for_each(check_threads);
}

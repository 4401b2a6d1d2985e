/* synthetic.c — Gaussian clusters out of nothing, for tests of speed and scale.
 *
 *     label ~ uniform over the classes
 *     x     = centre[label] + noise e,   centre[c] ~ N(0, I),  e ~ N(0, I)
 *
 * Every value is a function of (seed, row): nothing is read and nothing is stored, so a
 * billion rows cost what one does, and every rank sees the same.  Two normal deviates
 * for each value of a fetched row.
 *
 * The classes are separated by planes as well as by anything: a linear model reaches
 * the best accuracy there is. */

#include "data/source.h"
#include "num/random.h"

#include <xxhash.h>

typedef struct synthetic {
    uint64_t features, classes, train, test, seed;
    double noise;
} synthetic;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, synthetic, features, "20", "[1, 2147483647]",
                 "values of a sample"),
    TALLY_OPTION(COUNT, synthetic, classes, "3", "[2, 2147483647]",
                 "clusters, one for each class"),
    TALLY_OPTION(COUNT, synthetic, train, "10000", "[1, 1e15]", "training rows"),
    TALLY_OPTION(COUNT, synthetic, test, "2000", "[0, 1e15]", "test rows"),
    TALLY_OPTION(REAL, synthetic, noise, "1", "[0, 1e6]",
                 "deviation within a cluster; centres have 1"),
    TALLY_OPTION(COUNT, synthetic, seed, "1", NULL,
                 "of the data; the run has another for all else"),
    TALLY_END,
};

/* The step of a random number: the centres, or a row of a set. */
static uint64_t step_of(tally_split split, uint64_t row)
{
    return split == TALLY_TEST ? 2 * row + 2 : 2 * row + 1;
}

static const uint64_t centres = 0;

static tally_status open(tally_source *s)
{
    const synthetic *o = s->options;
    uint64_t noise = XXH3_64bits(&o->noise, sizeof o->noise);
    const uint64_t facts[] = {o->features, o->classes, o->train,
                              o->test,     o->seed,    noise};

    s->features = (size_t)o->features;
    s->classes = (size_t)o->classes;
    s->train_count = (size_t)o->train;
    s->test_count = (size_t)o->test;
    s->hash = XXH3_64bits(facts, sizeof facts);
    return TALLY_OK;
}

static int32_t label_of(const synthetic *o, uint64_t step)
{
    double u = tally_random_uniform(o->seed, TALLY_FOR_SYNTHETIC, step, o->features);

    return (int32_t)(u * (double)o->classes);
}

static void fill(const synthetic *o, uint64_t step, int32_t label, tally_real *x)
{
    uint64_t pairs = (o->features + 1) / 2, first = (uint64_t)label * pairs;

    for (uint64_t k = 0; k < pairs; k++) {
        double centre[2], e[2];

        tally_random_normal(o->seed, TALLY_FOR_SYNTHETIC, centres, first + k, centre);
        tally_random_normal(o->seed, TALLY_FOR_SYNTHETIC, step, k, e);
        for (uint64_t i = 2 * k; i < 2 * k + 2 && i < o->features; i++)
            x[i] = (tally_real)(centre[i % 2] + o->noise * e[i % 2]);
    }
}

static tally_status fetch(const tally_source *s, tally_split split,
                          const uint64_t *rows, size_t n, tally_real *x, int32_t *label)
{
    const synthetic *o = s->options;
    size_t count = split == TALLY_TEST ? s->test_count : s->train_count;

    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= count)
            return TALLY_FAIL(OPTION,
                              "data synthetic: there is no row %llu, expected less "
                              "than %zu",
                              (unsigned long long)rows[i], count);
        uint64_t step = step_of(split, rows[i]);

        label[i] = label_of(o, step);
        fill(o, step, label[i], x + i * s->features);
    }
    return TALLY_OK;
}

const tally_source_ops tally_source_synthetic = {
    .about = {.name = "synthetic",
              .brief = "Gaussian clusters, made up row by row",
              .paper = "",
              .options = options,
              .options_size = sizeof(synthetic)},
    .open = open,
    .fetch = fetch,
};

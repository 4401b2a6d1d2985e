/* memory_source.c — a data source over arrays of the test itself. */

#include "support/memory_source.h"

#include <string.h>

static tally_status open_nothing(tally_source *s)
{
    (void)s;
    return TALLY_OK;
}

static tally_status fetch(const tally_source *s, tally_split split,
                          const uint64_t *rows, size_t n, tally_real *x, int32_t *label)
{
    const memory_samples *m = s->inner;

    (void)split;
    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= m->count)
            return TALLY_FAIL(OPTION, "source memory has no row %llu, expected < %zu",
                              (unsigned long long)rows[i], m->count);
        memcpy(x + i * m->features, m->x + rows[i] * m->features,
               m->features * sizeof *x);
        label[i] = m->label[rows[i]];
    }
    return TALLY_OK;
}

static void close_nothing(tally_source *s)
{
    (void)s;
}

static const tally_source_ops memory_ops = {
    .about = {.name = "memory", .brief = "arrays of a test", .paper = ""},
    .open = open_nothing,
    .fetch = fetch,
    .close = close_nothing,
};

tally_source memory_source(memory_samples *m)
{
    return (tally_source){.ops = &memory_ops,
                          .features = m->features,
                          .classes = m->classes,
                          .train_count = m->count,
                          .test_count = m->count,
                          .inner = m};
}

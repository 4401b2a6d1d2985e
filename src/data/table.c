/* table.c — labelled rows of numbers in memory, behind every text format.
 *
 *     none        x
 *     standard    (x - mean) / deviation       of each feature by itself, over the
 *     unit        x / largest |x|              training rows, zeros included
 *
 * A feature that is the same in all training rows is divided by 1.  The test set is
 * scaled by the numbers of the training set, and its labels must be among those of it.
 *
 * Memory: 4 bytes and one tally_real for each value that a file names, and one
 * tally_real for each feature with scale=standard, which no longer maps 0 to 0.  A
 * fetched row is dense. */

#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct table {
    tally_rows train, test;
    tally_labels labels;
    tally_real *zero; /* owned; what 0 becomes, of each feature; NULL: 0 */
} table;

/* ---- rows ---- */

static tally_status grow(void **array, size_t room, size_t size)
{
    void *grown = room > SIZE_MAX / size ? NULL : realloc(*array, room * size);

    if (!grown) return TALLY_FAIL(MEMORY, "no memory for %zu values", room);
    *array = grown;
    return TALLY_OK;
}

tally_status tally_rows_add(tally_rows *r, size_t column, double value)
{
    if (r->entries == r->entry_room) {
        size_t room = 2 * r->entry_room + 1024;
        void *columns = r->column, *values = r->value;
        tally_status status = grow(&columns, room, sizeof *r->column);

        r->column = columns;
        if (!status) status = grow(&values, room, sizeof *r->value);
        r->value = values;
        TALLY_TRY(status);
        r->entry_room = room;
    }
    r->column[r->entries] = (uint32_t)column;
    r->value[r->entries++] = (tally_real)value;
    if (column >= r->columns) r->columns = column + 1;
    return TALLY_OK;
}

tally_status tally_rows_end(tally_rows *r, int32_t label)
{
    if (r->count == r->row_room) {
        size_t room = 2 * r->row_room + 1024;
        void *ends = r->end, *labels = r->label;
        tally_status status = grow(&ends, room, sizeof *r->end);

        r->end = ends;
        if (!status) status = grow(&labels, room, sizeof *r->label);
        r->label = labels;
        TALLY_TRY(status);
        r->row_room = room;
    }
    r->label[r->count] = label;
    r->end[r->count++] = r->entries;
    return TALLY_OK;
}

void tally_rows_close(tally_rows *r)
{
    free(r->end);
    free(r->label);
    free(r->column);
    free(r->value);
    *r = (tally_rows){0};
}

/* ---- scaling ---- */

/* One feature over the training rows: x becomes (x - from) / by. */
typedef struct feature {
    double from, by;
    double least, most, sum, squares;
    size_t named; /* rows that have an entry */
} feature;

/* Sums first, then the squares of distances from the mean: their difference would
 * cancel. */
static void measure(const tally_rows *r, feature *features, size_t n)
{
    double rows = (double)r->count;

    for (size_t k = 0; k < r->entries; k++) {
        feature *f = &features[r->column[k]];
        double x = (double)r->value[k];

        f->least = f->named == 0 || x < f->least ? x : f->least;
        f->most = f->named == 0 || x > f->most ? x : f->most;
        f->sum += x / rows;
        f->named++;
    }
    for (size_t k = 0; k < r->entries; k++) {
        feature *f = &features[r->column[k]];
        double distance = (double)r->value[k] - f->sum;

        f->squares += distance * distance / rows;
    }
    for (size_t i = 0; i < n; i++) {
        feature *f = &features[i];

        if (f->named == r->count) continue;
        f->squares += f->sum * f->sum * (double)(r->count - f->named) / rows;
        f->least = f->least < 0 ? f->least : 0;
        f->most = f->most > 0 ? f->most : 0;
    }
}

static void choose(feature *f, int scale)
{
    f->by = 1;
    if (scale == TALLY_TABLE_UNIT && (f->least < 0 || f->most > 0))
        f->by = fmax(-f->least, f->most);
    if (scale == TALLY_TABLE_STANDARD) {
        bool constant = !(f->least < f->most);

        f->from = constant ? f->least : f->sum;
        f->by = constant ? 1 : sqrt(f->squares);
    }
}

/* Below 2^-500 the squares of distances are not exact any more, or 0. */
static bool divides(const feature *f)
{
    return isfinite(f->from) && isfinite(f->by) && f->by > 0x1p-500;
}

static bool scale_rows(tally_rows *r, const feature *features)
{
    for (size_t k = 0; k < r->entries; k++) {
        const feature *f = &features[r->column[k]];

        r->value[k] = (tally_real)(((double)r->value[k] - f->from) / f->by);
        if (!isfinite(r->value[k])) return false;
    }
    return true;
}

static tally_status scale_features(table *t, feature *features, size_t n, int scale)
{
    bool fits = true;

    measure(&t->train, features, n);
    for (size_t i = 0; i < n; i++) {
        choose(&features[i], scale);
        fits = fits && divides(&features[i]);
    }
    fits = fits && scale_rows(&t->train, features) && scale_rows(&t->test, features);
    for (size_t i = 0; fits && t->zero && i < n; i++) {
        t->zero[i] = (tally_real)(-features[i].from / features[i].by);
        fits = isfinite(t->zero[i]);
    }
    if (!fits)
        return TALLY_FAIL(OPTION, "features are too large or too small to be scaled; "
                                  "expected scale=none");
    return TALLY_OK;
}

static tally_status scale_table(table *t, size_t n, int scale)
{
    if (scale == TALLY_TABLE_NONE) return TALLY_OK;
    feature *features = tally_allocate(n, sizeof *features);
    if (scale == TALLY_TABLE_STANDARD) t->zero = tally_allocate(n, sizeof *t->zero);
    if (!features || (scale == TALLY_TABLE_STANDARD && !t->zero)) {
        free(features);
        return TALLY_FAIL(MEMORY, "no memory to scale %zu features", n);
    }
    tally_status status = scale_features(t, features, n, scale);
    free(features);
    return status;
}

/* ---- reading ---- */

static tally_status read_train(tally_source *s, tally_table_options o,
                               tally_reader read, tally_reading *in)
{
    table *t = s->inner;

    in->features = (size_t)o.features;
    in->labels = &t->labels;
    in->rows = &t->train;
    TALLY_TRY(read(s->options, in));
    TALLY_TRY(tally_labels_end(&t->labels, t->train.label, t->train.count));
    if (t->train.count == 0) return TALLY_FAIL(FORMAT, "%s holds no rows", in->name);
    s->features = o.features ? (size_t)o.features : t->train.columns;
    if (s->features == 0)
        return TALLY_FAIL(FORMAT, "%s: no row has a feature", in->name);
    if (t->labels.count < 2)
        return TALLY_FAIL(
            FORMAT, "%s: all rows have the same label, expected two or more", in->name);
    return TALLY_OK;
}

tally_status tally_table_read(tally_source *s, tally_table_options o, tally_reader read,
                              tally_reading train, tally_reading test)
{
    table *t = calloc(1, sizeof *t);

    s->inner = t;
    if (!t) return TALLY_FAIL(MEMORY, "no memory for %s", train.name);
    t->labels = (tally_labels){.most = (size_t)o.classes_most, .words = o.words};
    TALLY_TRY(read_train(s, o, read, &train));
    test.features = s->features;
    test.labels = &t->labels;
    test.rows = &t->test;
    test.train = &train;
    if (test.bytes) {
        TALLY_TRY(read(s->options, &test));
        if (t->test.count == 0)
            return TALLY_FAIL(FORMAT, "%s holds no rows", test.name);
    }
    TALLY_TRY(scale_table(t, s->features, o.scale));
    s->classes = t->labels.count;
    s->train_count = t->train.count;
    s->test_count = t->test.count;
    s->hash = XXH3_64bits_withSeed(train.bytes, train.count, s->features);
    if (test.bytes) s->hash = XXH3_64bits_withSeed(test.bytes, test.count, s->hash);
    return TALLY_OK;
}

static tally_reading reading_of(const tally_data_file *f)
{
    return (tally_reading){.name = f->name, .bytes = f->bytes, .count = f->count};
}

tally_status tally_table_open(tally_source *s, tally_table_options o, tally_reader read)
{
    tally_data_file train = {0}, test = {0};
    const char *name = s->ops->about.name;

    if (!o.train || !*o.train)
        return TALLY_FAIL(OPTION, "data %s: train is required, such as %s:train=FILE",
                          name, name);
    tally_status status = tally_data_file_read(&train, o.train);
    if (!status && o.test) status = tally_data_file_read(&test, o.test);
    if (!status)
        status = tally_table_read(s, o, read, reading_of(&train), reading_of(&test));
    tally_data_file_close(&train);
    tally_data_file_close(&test);
    TALLY_TRY(status);
    return TALLY_OK;
}

/* ---- the table's functions ---- */

const tally_rows *tally_table_rows(const tally_source *s, tally_split split)
{
    const table *t = s->inner;

    return split == TALLY_TEST ? &t->test : &t->train;
}

tally_status tally_table_fetch(const tally_source *s, tally_split split,
                               const uint64_t *rows, size_t n, tally_real *x,
                               int32_t *label)
{
    const table *t = s->inner;
    const tally_rows *r = tally_table_rows(s, split);

    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= r->count)
            return TALLY_FAIL(
                OPTION, "data %s: there is no row %llu, expected less than %zu",
                s->ops->about.name, (unsigned long long)rows[i], r->count);
        tally_real *to = x + i * s->features;

        memset(to, 0, s->features * sizeof *to);
        if (t->zero) memcpy(to, t->zero, s->features * sizeof *to);
        for (size_t k = rows[i] ? r->end[rows[i] - 1] : 0; k < r->end[rows[i]]; k++)
            to[r->column[k]] = r->value[k];
        label[i] = r->label[rows[i]];
    }
    return TALLY_OK;
}

void tally_table_close(tally_source *s)
{
    table *t = s->inner;

    if (!t) return;
    tally_rows_close(&t->train);
    tally_rows_close(&t->test);
    tally_labels_close(&t->labels);
    free(t->zero);
    free(t);
    s->inner = NULL;
}

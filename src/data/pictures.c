/* pictures.c — labelled 8-bit pictures in memory, behind every source of them.
 *
 *     standard    x <- (pixel - mean) / deviation
 *     unit        x <- pixel / white
 *     none        x <- pixel
 *
 * mean and deviation are those of all pixels of the training set together: two numbers,
 * from exact integer sums, so every rank and every machine has the same bits.  The test
 * set is scaled by the same two.
 *
 * Memory: the files as they are, one byte a pixel.  A batch is converted through a
 * table of 256 values; one look-up a pixel.  Its pictures lie all over memory, so each
 * is asked for while those before it are converted: 128 pictures of 28x28 take 76
 * microseconds instead of 130 when no cache holds them.  There is no augmentation. */

#include "data/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* n S2 <= 255^2 n^2 leaves 64 bits behind from n = 2^24 pixels on. */
__extension__ typedef unsigned __int128 wide;

tally_status tally_pictures_new(tally_source *s, tally_pictures **p)
{
    *p = calloc(1, sizeof **p);
    s->inner = *p;
    if (!*p) return TALLY_FAIL(MEMORY, "no memory for %s", s->ops->about.name);
    return TALLY_OK;
}

/* ---- what belongs together ---- */

static tally_status parse(tally_pictures *p)
{
    for (int i = 0; i < TALLY_PICTURE_PARTS; i++) {
        const tally_data_file *f = &p->file[i];

        TALLY_TRY(tally_idx_parse(&p->idx[i], f->name, f->bytes, f->count));
    }
    return TALLY_OK;
}

static tally_status check_dimensions(const tally_pictures *p, tally_picture_part images,
                                     tally_picture_part labels)
{
    const char *name = p->file[images].name, *label_name = p->file[labels].name;
    size_t n = p->idx[images].dimensions;

    if (n != 3 && n != 4)
        return TALLY_FAIL(FORMAT,
                          "%s: byte 3 is %zu dimensions, expected 3 (count, height, "
                          "width) or 4 (count, channels, height, width)",
                          name, n);
    if (p->idx[labels].dimensions != 1)
        return TALLY_FAIL(FORMAT, "%s: byte 3 is %zu dimensions, expected 1, the count",
                          label_name, p->idx[labels].dimensions);
    if (p->idx[images].shape[0] != p->idx[labels].shape[0])
        return TALLY_FAIL(
            FORMAT, "%s: byte 4: %zu labels, expected %zu, the count of %s", label_name,
            p->idx[labels].shape[0], p->idx[images].shape[0], name);
    return TALLY_OK;
}

static tally_status check_labels(const tally_pictures *p, tally_picture_part labels,
                                 size_t classes)
{
    const tally_idx *idx = &p->idx[labels];

    for (size_t i = 0; i < idx->shape[0]; i++)
        if (idx->values[i] >= classes)
            return TALLY_FAIL(FORMAT,
                              "%s: byte %zu: label %zu is %u, expected less than %zu, "
                              "the number of classes",
                              p->file[labels].name, idx->offset + i, i, idx->values[i],
                              classes);
    return TALLY_OK;
}

/* Channels, height and width; pictures of one channel may leave it out. */
static void shape_of(const tally_idx *images, size_t shape[3])
{
    bool has_channels = images->dimensions == 4;

    shape[0] = has_channels ? images->shape[1] : 1;
    shape[1] = images->shape[images->dimensions - 2];
    shape[2] = images->shape[images->dimensions - 1];
}

static tally_status check_shapes(const tally_pictures *p, const size_t train[3])
{
    size_t test[3];

    shape_of(&p->idx[TALLY_TEST_IMAGES], test);
    if (memcmp(train, test, sizeof test) != 0)
        return TALLY_FAIL(
            FORMAT, "%s: pictures are %zux%zux%zu, expected %zux%zux%zu as in %s",
            p->file[TALLY_TEST_IMAGES].name, test[0], test[1], test[2], train[0],
            train[1], train[2], p->file[TALLY_TRAIN_IMAGES].name);
    return TALLY_OK;
}

static size_t largest_label(const tally_idx *labels)
{
    uint8_t largest = 0;

    for (size_t i = 0; i < labels->shape[0]; i++)
        if (labels->values[i] > largest) largest = labels->values[i];
    return largest;
}

/* ---- scaling ---- */

/* With S1 and S2 the sums of pixels and of their squares:
 *     mean = S1 / n,  deviation^2 = (n S2 - S1^2) / n^2, its numerator exact. */
static void measure(const uint8_t *pixels, size_t n, double *mean, double *deviation)
{
    uint64_t sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        sum += pixels[i];
        squares += (uint64_t)pixels[i] * pixels[i];
    }
    wide spread = (wide)n * squares - (wide)sum * sum;
    *mean = (double)sum / (double)n;
    *deviation = sqrt((double)spread) / (double)n;
}

static tally_status fill_values(tally_pictures *p, size_t pixels, int scale,
                                unsigned white)
{
    const tally_idx *images = &p->idx[TALLY_TRAIN_IMAGES];
    double from = 0, by = 1;

    if (scale == TALLY_SCALE_STANDARD) measure(images->values, pixels, &from, &by);
    if (scale == TALLY_SCALE_UNIT || scale == TALLY_SCALE_CENTRED) by = white;
    if (by <= 0)
        return TALLY_FAIL(OPTION,
                          "scale=standard divides by the deviation of the pixels of "
                          "%s, which are all %u; expected scale=unit or scale=none",
                          p->file[TALLY_TRAIN_IMAGES].name, images->values[0]);
    for (int i = 0; i < 256; i++)
        p->value[i] = (tally_real)((i - from) / by);
    return TALLY_OK;
}

/* The mean of each pixel over the training pictures, scaled. */
static tally_status fill_means(tally_pictures *p, size_t pictures, size_t features)
{
    const uint8_t *pixels = p->idx[TALLY_TRAIN_IMAGES].values;

    p->mean = tally_allocate(features, sizeof *p->mean);
    if (!p->mean) return TALLY_FAIL(MEMORY, "no memory for the mean picture");
    for (size_t k = 0; k < features; k++) {
        uint64_t sum = 0;

        for (size_t i = 0; i < pictures; i++)
            sum += pixels[i * features + k];
        p->mean[k] = (tally_real)((double)sum / (double)pictures * (double)p->value[1]);
    }
    return TALLY_OK;
}

/* ---- the table's functions ---- */

/* Headers count too: the same bytes in another shape are other data. */
static uint64_t hash_of(const tally_pictures *p)
{
    uint64_t hash = 0;

    for (int i = 0; i < TALLY_PICTURE_PARTS; i++)
        hash = XXH3_64bits_withSeed(p->file[i].bytes, p->file[i].count, hash);
    return hash;
}

tally_status tally_pictures_open(tally_source *s, uint64_t classes, int scale,
                                 unsigned white)
{
    tally_pictures *p = s->inner;

    TALLY_TRY(parse(p));
    TALLY_TRY(check_dimensions(p, TALLY_TRAIN_IMAGES, TALLY_TRAIN_LABELS));
    TALLY_TRY(check_dimensions(p, TALLY_TEST_IMAGES, TALLY_TEST_LABELS));
    shape_of(&p->idx[TALLY_TRAIN_IMAGES], s->shape);
    TALLY_TRY(check_shapes(p, s->shape));
    s->classes = classes ? classes : largest_label(&p->idx[TALLY_TRAIN_LABELS]) + 1;
    TALLY_TRY(check_labels(p, TALLY_TRAIN_LABELS, s->classes));
    TALLY_TRY(check_labels(p, TALLY_TEST_LABELS, s->classes));
    s->features = s->shape[0] * s->shape[1] * s->shape[2];
    s->train_count = p->idx[TALLY_TRAIN_IMAGES].shape[0];
    s->test_count = p->idx[TALLY_TEST_IMAGES].shape[0];
    TALLY_TRY(fill_values(p, s->train_count * s->features, scale, white));
    if (scale == TALLY_SCALE_CENTRED)
        TALLY_TRY(fill_means(p, s->train_count, s->features));
    s->hash = hash_of(p);
    return TALLY_OK;
}

/* Asks for bytes of a row; they come while others are converted. */
static void ask_for(const uint8_t *bytes, size_t n)
{
    enum { CACHE_LINE = 64 };

    for (size_t k = 0; k < n; k += CACHE_LINE)
        __builtin_prefetch(bytes + k);
}

tally_status tally_pictures_fetch(const tally_source *s, tally_split split,
                                  const uint64_t *rows, size_t n, tally_real *x,
                                  int32_t *label)
{
    enum { AHEAD_BYTES = 2048 }; /* asked for, but not yet converted */

    const tally_pictures *p = s->inner;
    bool test = split == TALLY_TEST;
    size_t count = test ? s->test_count : s->train_count;
    const uint8_t *pixels =
        p->idx[test ? TALLY_TEST_IMAGES : TALLY_TRAIN_IMAGES].values;
    const uint8_t *labels =
        p->idx[test ? TALLY_TEST_LABELS : TALLY_TRAIN_LABELS].values;

    size_t ahead = 1 + AHEAD_BYTES / s->features;
    for (size_t i = 0; i < n; i++) {
        if (i + ahead < n && rows[i + ahead] < count) {
            ask_for(pixels + rows[i + ahead] * s->features, s->features);
            ask_for(labels + rows[i + ahead], 1);
        }
        if (rows[i] >= count)
            return TALLY_FAIL(OPTION,
                              "data %s: there is no row %llu, expected less "
                              "than %zu",
                              s->ops->about.name, (unsigned long long)rows[i], count);
        const uint8_t *from = pixels + rows[i] * s->features;
        tally_real *to = x + i * s->features;

        for (size_t k = 0; k < s->features; k++)
            to[k] = p->value[from[k]];
        for (size_t k = 0; p->mean && k < s->features; k++)
            to[k] -= p->mean[k];
        label[i] = labels[rows[i]];
    }
    return TALLY_OK;
}

void tally_pictures_close(tally_source *s)
{
    tally_pictures *p = s->inner;

    for (int i = 0; p && i < TALLY_PICTURE_PARTS; i++)
        tally_data_file_close(&p->file[i]);
    if (p) free(p->mean);
    free(p);
    s->inner = NULL;
}

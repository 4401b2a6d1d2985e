#include "data/pictures.h"

#include "data/scratch.h"
#include "data/source.h"
#include "support/expect.h"

#include <math.h>

/* A source of pictures from memory; the small set, but for other training images. */
static tally_status open_with(tally_source *s, const uint8_t *images, size_t count,
                              int scale, unsigned white)
{
    tally_pictures *p;

    *s = (tally_source){.ops = &tally_source_digits};
    TALLY_TRY(tally_pictures_new(s, &p));
    TALLY_TRY(tally_data_file_unpack(&p->file[TALLY_TRAIN_IMAGES], "A", images, count));
    TALLY_TRY(tally_data_file_unpack(&p->file[TALLY_TRAIN_LABELS], "B",
                                     small_train_labels, sizeof small_train_labels));
    TALLY_TRY(tally_data_file_unpack(&p->file[TALLY_TEST_IMAGES], "C",
                                     small_test_images, sizeof small_test_images));
    TALLY_TRY(tally_data_file_unpack(&p->file[TALLY_TEST_LABELS], "D",
                                     small_test_labels, sizeof small_test_labels));
    TALLY_TRY(tally_pictures_open(s, 0, scale, white));
    return TALLY_OK;
}

static tally_status open_small(tally_source *s, int scale, unsigned white)
{
    return open_with(s, small_train_images, sizeof small_train_images, scale, white);
}

/* One rounding to tally_real of a quotient that is right to a few units of double. */
static double tolerance(double x)
{
    double unit = sizeof(tally_real) == 4 ? 0x1p-24 : 0x1p-50;

    return unit * (fabs(x) + 1);
}

Test(pictures, standard_scale_is_that_of_the_training_pixels)
{
    const uint8_t *pixels = small_train_images + 16;
    size_t n = SMALL_TRAIN * SMALL_FEATURES;
    double mean = 0, variance = 0;
    tally_source s;

    for (size_t i = 0; i < n; i++)
        mean += pixels[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (pixels[i] - mean) * (pixels[i] - mean) / (double)n;

    expect_ok(open_small(&s, TALLY_SCALE_STANDARD, 255));
    const tally_pictures *p = s.inner;
    for (int i = 0; i < 256; i++) {
        double x = (i - mean) / sqrt(variance);

        cr_assert(epsilon_eq(dbl, (double)p->value[i], x, tolerance(x)));
    }
    tally_pictures_close(&s);
    tally_pictures_close(&s);
}

Test(pictures, unit_scale_divides_by_white)
{
    tally_source s;

    for (unsigned white = 16; white <= 255; white += 239) {
        expect_ok(open_small(&s, TALLY_SCALE_UNIT, white));
        const tally_pictures *p = s.inner;
        for (int i = 0; i < 256; i++)
            cr_assert(p->value[i] == (tally_real)(i / (double)white));
        tally_pictures_close(&s);
    }
}

Test(pictures, centred_scale_takes_the_mean_of_each_pixel)
{
    const uint8_t *pixels = small_train_images + 16;
    tally_real x[SMALL_FEATURES];
    int32_t label;
    tally_source s;

    expect_ok(open_small(&s, TALLY_SCALE_CENTRED, 255));
    expect_ok(tally_pictures_fetch(&s, TALLY_TRAIN, (uint64_t[]){1}, 1, x, &label));
    for (size_t k = 0; k < SMALL_FEATURES; k++) {
        double mean = 0, is = pixels[SMALL_FEATURES + k];

        for (size_t i = 0; i < SMALL_TRAIN; i++)
            mean += (double)pixels[i * SMALL_FEATURES + k] / SMALL_TRAIN;
        double should = (is - mean) / 255;

        cr_assert(epsilon_eq(dbl, (double)x[k], should, tolerance(1)));
    }
    tally_pictures_close(&s);
}

Test(pictures, pixels_all_the_same_have_no_standard_scale)
{
    uint8_t same[sizeof small_train_images];
    tally_source s;

    memcpy(same, small_train_images, 16);
    memset(same + 16, 77, sizeof same - 16);
    expect_fail(open_with(&s, same, sizeof same, TALLY_SCALE_STANDARD, 255), OPTION,
                "which are all 77; expected scale=unit");
    tally_pictures_close(&s);
    expect_ok(open_with(&s, same, sizeof same, TALLY_SCALE_UNIT, 255));
    tally_pictures_close(&s);
}

Test(pictures, four_dimensions_name_the_channels)
{
    uint8_t images[sizeof small_train_images + 4] = {0, 0, 8, 4, 0, 0, 0, 6, 0, 0,
                                                     0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    tally_source s;

    memcpy(images + 20, small_train_images + 16, sizeof small_train_images - 16);
    expect_ok(open_with(&s, images, sizeof images, TALLY_SCALE_NONE, 255));
    cr_assert(eq(sz, s.shape[0], 1));
    cr_assert(eq(sz, s.shape[1], 2));
    cr_assert(eq(sz, s.shape[2], 3));
    tally_pictures_close(&s);

    images[11] = 3; /* 6 pictures of 3 channels, 2 x 1: the test set has 1 x 2 x 3 */
    images[19] = 1;
    expect_fail(open_with(&s, images, sizeof images, TALLY_SCALE_NONE, 255), FORMAT,
                "pictures are 1x2x3, expected 3x2x1");
    tally_pictures_close(&s);
}

Test(pictures, rows_past_the_end_are_refused)
{
    tally_source s;
    tally_real x[SMALL_FEATURES];
    int32_t label;
    uint64_t row = SMALL_TEST;

    expect_ok(open_small(&s, TALLY_SCALE_UNIT, 255));
    expect_ok(tally_pictures_fetch(&s, TALLY_TRAIN, &row, 1, x, &label));
    expect_ok(tally_pictures_fetch(&s, TALLY_VALIDATE, &row, 1, x, &label));
    expect_fail(tally_pictures_fetch(&s, TALLY_TEST, &row, 1, x, &label), OPTION,
                "there is no row 3, expected less than 3");
    row = SMALL_TRAIN;
    expect_fail(tally_pictures_fetch(&s, TALLY_TRAIN, &row, 1, x, &label), OPTION,
                "there is no row 6");
    expect_ok(tally_pictures_fetch(&s, TALLY_TRAIN, NULL, 0, NULL, NULL));
    tally_pictures_close(&s);
}

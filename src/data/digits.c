/* digits.c — 1,797 handwritten digits of 8 x 8 pixels, part of the library.
 *
 * Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
 * Repository, 1998, as scikit-learn ships it: pixels from 0 to 16.  The first 1,437 are
 * the training set, the last 360, by other writers, the test set. */

#include "data/embedded.h"
#include "data/pictures.h"
#include "data/source.h"

typedef struct digits {
    int scale;
} digits;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, digits, scale, "standard", TALLY_SCALES, TALLY_SCALE_HELP),
    TALLY_END,
};

static const char *const names[TALLY_PICTURE_PARTS] = {
    [TALLY_TRAIN_IMAGES] = "digits8x8-train-images-idx3-ubyte.gz",
    [TALLY_TRAIN_LABELS] = "digits8x8-train-labels-idx1-ubyte.gz",
    [TALLY_TEST_IMAGES] = "digits8x8-test-images-idx3-ubyte.gz",
    [TALLY_TEST_LABELS] = "digits8x8-test-labels-idx1-ubyte.gz",
};

static tally_status open(tally_source *s)
{
    const digits *o = s->options;
    tally_pictures *p;

    TALLY_TRY(tally_pictures_new(s, &p));
    for (int i = 0; i < TALLY_PICTURE_PARTS; i++)
        TALLY_TRY(tally_embedded_open(&p->file[i], names[i]));
    TALLY_TRY(tally_pictures_open(s, 10, o->scale, 16));
    return TALLY_OK;
}

const tally_source_ops tally_source_digits = {
    .about = {.name = "digits",
              .brief = "1,797 handwritten digits, 8 x 8, built in",
              .paper = "Alpaydin and Kaynak, UCI, 1998",
              .options = options,
              .options_size = sizeof(digits)},
    .open = open,
    .fetch = tally_pictures_fetch,
    .close = tally_pictures_close,
};

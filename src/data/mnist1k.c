/* mnist1k.c — 1,000 pictures of MNIST, part of the library.
 *
 * LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document
 * recognition, 1998.  The first 80 of each digit of the training set and the first 20
 * of each of the test set, in their order.  For tests and first runs; accuracy on it
 * is not accuracy on MNIST. */

#include "data/embedded.h"
#include "data/pictures.h"
#include "data/source.h"

typedef struct mnist1k {
    int scale;
} mnist1k;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, mnist1k, scale, "standard", TALLY_SCALES, TALLY_SCALE_HELP),
    TALLY_END,
};

static const char *const names[TALLY_PICTURE_PARTS] = {
    [TALLY_TRAIN_IMAGES] = "mnist1k-train-images-idx3-ubyte.gz",
    [TALLY_TRAIN_LABELS] = "mnist1k-train-labels-idx1-ubyte.gz",
    [TALLY_TEST_IMAGES] = "mnist1k-test-images-idx3-ubyte.gz",
    [TALLY_TEST_LABELS] = "mnist1k-test-labels-idx1-ubyte.gz",
};

static tally_status open(tally_source *s)
{
    const mnist1k *o = s->options;
    tally_pictures *p;

    TALLY_TRY(tally_pictures_new(s, &p));
    for (int i = 0; i < TALLY_PICTURE_PARTS; i++)
        TALLY_TRY(tally_embedded_open(&p->file[i], names[i]));
    TALLY_TRY(tally_pictures_open(s, 10, o->scale, 255));
    return TALLY_OK;
}

const tally_source_ops tally_source_mnist1k = {
    .about = {.name = "mnist1k",
              .brief = "1,000 pictures of MNIST, 28 x 28, built in",
              .paper = "LeCun et al., Proceedings of the IEEE 86, 1998",
              .options = options,
              .options_size = sizeof(mnist1k)},
    .open = open,
    .fetch = tally_pictures_fetch,
    .close = tally_pictures_close,
};

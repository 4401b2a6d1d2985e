/* pictures.h — labelled 8-bit pictures in memory, behind every source of them. */

#ifndef TALLY_DATA_PICTURES_H
#define TALLY_DATA_PICTURES_H

#include "tally/source.h"

#include "data/file.h"
#include "data/idx_parse.h"

/* The words of an option `scale`, in the order of tally_scale. */
#define TALLY_SCALES "standard|unit|none|centred"
#define TALLY_SCALE_HELP                                                               \
    "standard: (x - mean) / deviation of all training pixels; unit: x / white; "       \
    "centred: that, less its mean over the training pictures"

typedef enum tally_scale {
    TALLY_SCALE_STANDARD,
    TALLY_SCALE_UNIT,
    TALLY_SCALE_NONE,
    TALLY_SCALE_CENTRED
} tally_scale;

/* The four IDX files of a set. */
typedef enum tally_picture_part {
    TALLY_TRAIN_IMAGES,
    TALLY_TRAIN_LABELS,
    TALLY_TEST_IMAGES,
    TALLY_TEST_LABELS,
    TALLY_PICTURE_PARTS
} tally_picture_part;

typedef struct tally_pictures {
    tally_data_file file[TALLY_PICTURE_PARTS]; /* owned */
    tally_idx idx[TALLY_PICTURE_PARTS];        /* point into file */
    tally_real value[256];                     /* of each pixel byte, scaled */
    tally_real *mean; /* centred: of each pixel of a picture, scaled; owned */
} tally_pictures;

/* s->inner <- pictures without files, which the member then fills; owned by s.  Returns
 * TALLY_MEMORY. */
tally_status tally_pictures_new(tally_source *s, tally_pictures **p);

/* Reads the four files, checks that they belong together, and fills s.
 *
 * classes  0: the largest training label + 1
 * scale    a tally_scale, as the option has it
 * white    the largest value a pixel can have: x / white is in [0, 1]
 *
 * Returns TALLY_FORMAT, or TALLY_OPTION when pixels cannot be scaled so.  Local. */
tally_status tally_pictures_open(tally_source *s, uint64_t classes, int scale,
                                 unsigned white);

/* The fetch and close of their tables. */
tally_status tally_pictures_fetch(const tally_source *s, tally_split split,
                                  const uint64_t *rows, size_t n, tally_real *x,
                                  int32_t *label);
void tally_pictures_close(tally_source *s);

#endif

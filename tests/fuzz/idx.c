/* idx.c — any bytes as IDX, then as the pictures and labels of a set.
 *
 * Byte 0 says where the input is cut in two, in units of 4: images, then labels.  What
 * opens must keep the promises of a source. */

#include "data/pictures.h"
#include "data/source.h"
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void fetch_all(const tally_source *s, tally_split split, size_t count)
{
    tally_real *x = malloc(s->features * sizeof *x);
    int32_t label;

    assert(x);
    for (uint64_t row = 0; row < count; row++) {
        assert(s->ops->fetch(s, split, &row, 1, x, &label) == TALLY_OK);
        assert(label >= 0 && (size_t)label < s->classes);
    }
    assert(s->ops->fetch(s, split, &(uint64_t){count}, 1, x, &label) == TALLY_OPTION);
    free(x);
}

static void open_set(const uint8_t *images, size_t image_count, const uint8_t *labels,
                     size_t label_count)
{
    tally_source s = {.ops = &tally_source_idx};
    tally_pictures *p;
    bool ok = tally_pictures_new(&s, &p) == TALLY_OK;

    for (int i = 0; ok && i < TALLY_PICTURE_PARTS; i++) {
        bool is_images = i == TALLY_TRAIN_IMAGES || i == TALLY_TEST_IMAGES;

        ok = tally_data_file_unpack(&p->file[i], "input", is_images ? images : labels,
                                    is_images ? image_count : label_count) == TALLY_OK;
    }
    if (ok && tally_pictures_open(&s, 0, TALLY_SCALE_STANDARD, 255) == TALLY_OK) {
        assert(s.train_count * s.features < image_count);
        fetch_all(&s, TALLY_TRAIN, s.train_count);
        fetch_all(&s, TALLY_TEST, s.test_count);
    }
    tally_pictures_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    tally_idx idx;

    if (tally_idx_parse(&idx, "input", bytes, count) == TALLY_OK)
        assert(idx.values > bytes && idx.values < bytes + count);
    if (count == 0) return 0;
    size_t cut = 1 + 4 * (size_t)bytes[0];

    if (cut < count) open_set(bytes + 1, cut - 1, bytes + cut, count - cut);
    return 0;
}

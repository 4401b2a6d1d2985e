/* idx.c — labelled pictures from a folder of four IDX files, as MNIST comes.
 *
 *     idx:dir=data/mnist    DIR/train-images-idx3-ubyte, DIR/train-labels-idx1-ubyte,
 *                           DIR/t10k-images-idx3-ubyte, DIR/t10k-labels-idx1-ubyte
 *
 * Each may be plain or gzip, with or without .gz in its name; the plain name goes
 * first.  Other names are options.  Training and test set are both required: an
 * accuracy without a test set is not one. */

#include "data/pictures.h"
#include "data/source.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct idx {
    char *dir, *train_images, *train_labels, *test_images, *test_labels;
    uint64_t classes, limit;
    int scale;
} idx;

static const tally_option options[] = {
    TALLY_OPTION(TEXT, idx, dir, NULL, NULL, "the folder; required"),
    TALLY_OPTION(TEXT, idx, train_images, NULL, NULL,
                 "file in it, when not train-images-idx3-ubyte[.gz]"),
    TALLY_OPTION(TEXT, idx, train_labels, NULL, NULL,
                 "file in it, when not train-labels-idx1-ubyte[.gz]"),
    TALLY_OPTION(TEXT, idx, test_images, NULL, NULL,
                 "file in it, when not t10k-images-idx3-ubyte[.gz]"),
    TALLY_OPTION(TEXT, idx, test_labels, NULL, NULL,
                 "file in it, when not t10k-labels-idx1-ubyte[.gz]"),
    TALLY_OPTION(COUNT, idx, classes, "0", "[0, 256]",
                 "number of classes; 0: the largest training label + 1"),
    TALLY_OPTION(COUNT, idx, limit, "0", NULL,
                 "training rows that count, the first ones; 0: all"),
    TALLY_OPTION(CHOICE, idx, scale, "standard", TALLY_SCALES, TALLY_SCALE_HELP),
    TALLY_END,
};

static const char *const standard_names[TALLY_PICTURE_PARTS] = {
    [TALLY_TRAIN_IMAGES] = "train-images-idx3-ubyte",
    [TALLY_TRAIN_LABELS] = "train-labels-idx1-ubyte",
    [TALLY_TEST_IMAGES] = "t10k-images-idx3-ubyte",
    [TALLY_TEST_LABELS] = "t10k-labels-idx1-ubyte",
};

static tally_status check_folder(const char *dir)
{
    struct stat facts;

    if (!dir || !*dir)
        return TALLY_FAIL(OPTION, "data idx: dir is required, such as "
                                  "idx:dir=data/mnist; launch/get-data fetches MNIST");
    if (stat(dir, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return TALLY_FAIL(FILE,
                          "data idx: dir=%s is not a folder; launch/get-data mnist "
                          "makes data/mnist",
                          dir);
    return TALLY_OK;
}

static tally_status join(const char *dir, const char *name, const char *suffix,
                         char path[4096])
{
    if (snprintf(path, 4096, "%s/%s%s", dir, name, suffix) >= 4096)
        return TALLY_FAIL(OPTION, "data idx: more than 4095 bytes in the path %s/%s",
                          dir, name);
    return TALLY_OK;
}

/* Reads dir/chosen, or the standard name, plain or else with .gz. */
static tally_status read_part(tally_data_file *f, const char *dir, const char *chosen,
                              const char *standard)
{
    char path[4096];

    TALLY_TRY(join(dir, chosen ? chosen : standard, "", path));
    if (!chosen && access(path, F_OK) != 0) {
        TALLY_TRY(join(dir, standard, ".gz", path));
        if (access(path, F_OK) != 0)
            return TALLY_FAIL(FILE, "data idx: there is neither %s/%s nor %s.gz", dir,
                              standard, standard);
    }
    TALLY_TRY(tally_data_file_read(f, path));
    return TALLY_OK;
}

static tally_status open(tally_source *s)
{
    const idx *o = s->options;
    const char *const chosen[TALLY_PICTURE_PARTS] = {
        [TALLY_TRAIN_IMAGES] = o->train_images,
        [TALLY_TRAIN_LABELS] = o->train_labels,
        [TALLY_TEST_IMAGES] = o->test_images,
        [TALLY_TEST_LABELS] = o->test_labels,
    };
    tally_pictures *p;

    TALLY_TRY(check_folder(o->dir));
    TALLY_TRY(tally_pictures_new(s, &p));
    for (int i = 0; i < TALLY_PICTURE_PARTS; i++)
        TALLY_TRY(read_part(&p->file[i], o->dir, chosen[i], standard_names[i]));
    TALLY_TRY(tally_pictures_open(s, o->classes, o->scale, 255));
    if (o->limit == 0 || o->limit >= s->train_count) return TALLY_OK;
    s->train_count = (size_t)o->limit;
    s->hash ^= o->limit; /* fewer rows are other data */
    return TALLY_OK;
}

const tally_source_ops tally_source_idx = {
    .about = {.name = "idx",
              .brief = "labelled pictures from four IDX files, such as MNIST",
              .paper = "LeCun, Cortes and Burges, the IDX file format, 1998",
              .options = options,
              .options_size = sizeof(idx)},
    .open = open,
    .fetch = tally_pictures_fetch,
    .close = tally_pictures_close,
};

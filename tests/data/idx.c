#include "data/scratch.h"
#include "data/source.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void begin(void)
{
    scratch_open();
    scratch_write_small();
}

TestSuite(idx, .init = begin, .fini = scratch_close);

static const char *spec(const char *more)
{
    static char text[1024];

    snprintf(text, sizeof text, "idx:dir=%s%s", scratch_path(""), more);
    return text;
}

/* Opening fails so, and closing after it is harmless. */
static void check_refused(const char *more, tally_status status, const char *words)
{
    tally_source s;
    tally_status got = tally_source_open(&s, spec(more));

    cr_assert(eq(int, (int)got, (int)status));
    cr_assert(strstr(tally_error_sentence(), words) != NULL, "\"%s\" lacks \"%s\"",
              tally_error_sentence(), words);
    cr_assert(s.inner == NULL && s.options == NULL);
    tally_source_close(&s);
}

Test(idx, a_small_set_is_read)
{
    tally_source s;
    tally_real x[2 * SMALL_FEATURES];
    int32_t label[2];

    expect_ok(tally_source_open(&s, spec(",scale=none")));
    cr_assert(eq(sz, s.train_count, SMALL_TRAIN));
    cr_assert(eq(sz, s.test_count, SMALL_TEST));
    cr_assert(eq(sz, s.features, SMALL_FEATURES));
    cr_assert(eq(sz, s.classes, 3));
    cr_assert(eq(sz, s.shape[0], 1));
    cr_assert(eq(sz, s.shape[1], 2));
    cr_assert(eq(sz, s.shape[2], 3));
    expect_ok(s.ops->fetch(&s, TALLY_TRAIN, (uint64_t[]){4, 0}, 2, x, label));
    cr_assert(eq(int, label[0], 1));
    cr_assert(eq(int, label[1], 0));
    for (int k = 0; k < SMALL_FEATURES; k++) {
        cr_assert(eq(int, (int)x[k], small_train_images[16 + 4 * SMALL_FEATURES + k]));
        cr_assert(eq(int, (int)x[SMALL_FEATURES + k], small_train_images[16 + k]));
    }
    expect_ok(s.ops->fetch(&s, TALLY_TEST, (uint64_t[]){2}, 1, x, label));
    cr_assert(eq(int, label[0], 1));
    cr_assert(eq(int, (int)x[5], 18));
    tally_source_close(&s);
}

static uint64_t hash_of(const char *more)
{
    tally_source s;

    expect_ok(tally_source_open(&s, spec(more)));
    uint64_t hash = s.hash;
    tally_source_close(&s);
    return hash;
}

Test(idx, the_first_rows_alone_may_count)
{
    tally_source s;
    tally_real x[SMALL_FEATURES];
    int32_t label[1];

    expect_ok(tally_source_open(&s, spec(",limit=2")));
    cr_assert(eq(sz, s.train_count, 2));
    cr_assert(eq(sz, s.test_count, SMALL_TEST));
    expect_ok(s.ops->fetch(&s, TALLY_TRAIN, (uint64_t[]){1}, 1, x, label));
    expect_fail(s.ops->fetch(&s, TALLY_TRAIN, (uint64_t[]){2}, 1, x, label), OPTION,
                "row 2");
    tally_source_close(&s);
    cr_assert(ne(u64, hash_of(",limit=2"), hash_of("")));
    cr_assert(ne(u64, hash_of(",limit=2"), hash_of(",limit=3")));
    cr_assert(eq(u64, hash_of(",limit=1000"), hash_of("")));
}

Test(idx, packed_files_are_the_same_data)
{
    uint8_t packed[4096];
    uint64_t plain = hash_of("");
    size_t count = scratch_pack(small_train_images, sizeof small_train_images, packed);

    scratch_remove("train-images-idx3-ubyte");
    scratch_write("train-images-idx3-ubyte.gz", packed, count);
    cr_assert(eq(u64, hash_of(""), plain));
    scratch_write("train-images-idx3-ubyte", packed, count); /* without .gz */
    cr_assert(eq(u64, hash_of(""), plain));
}

Test(idx, the_hash_follows_every_file)
{
    static const char *const names[] = {
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    };
    uint8_t images[sizeof small_train_images], labels[sizeof small_train_labels];
    uint64_t before = hash_of("");

    memcpy(images, small_train_images, sizeof images);
    images[sizeof images - 1] ^= 1;
    scratch_write(names[0], images, sizeof images);
    cr_assert(ne(u64, hash_of(""), before));
    scratch_write_small();
    cr_assert(eq(u64, hash_of(""), before));
    memcpy(labels, small_train_labels, sizeof labels);
    labels[sizeof labels - 1] ^= 1;
    scratch_write(names[1], labels, sizeof labels);
    cr_assert(ne(u64, hash_of(""), before));
    scratch_write_small();
    memcpy(images, small_test_images, sizeof small_test_images);
    images[sizeof small_test_images - 1] ^= 1;
    scratch_write(names[2], images, sizeof small_test_images);
    cr_assert(ne(u64, hash_of(""), before));
    scratch_write_small();
    memcpy(labels, small_test_labels, sizeof small_test_labels);
    labels[sizeof small_test_labels - 1] ^= 1;
    scratch_write(names[3], labels, sizeof small_test_labels);
    cr_assert(ne(u64, hash_of(""), before));
}

Test(idx, files_may_have_other_names)
{
    uint64_t before = hash_of("");

    scratch_write("pictures", small_train_images, sizeof small_train_images);
    scratch_write("answers", small_train_labels, sizeof small_train_labels);
    scratch_write("exam", small_test_images, sizeof small_test_images);
    scratch_write("keys", small_test_labels, sizeof small_test_labels);
    scratch_remove("train-images-idx3-ubyte");
    scratch_remove("train-labels-idx1-ubyte");
    scratch_remove("t10k-images-idx3-ubyte");
    scratch_remove("t10k-labels-idx1-ubyte");
    cr_assert(eq(u64,
                 hash_of(",train_images=pictures,train_labels=answers,"
                         "test_images=exam,test_labels=keys"),
                 before));
    check_refused(",train_images=picture", TALLY_FILE, "picture: No such file");
}

Test(idx, the_folder_and_all_four_files_are_required)
{
    tally_source s;

    expect_fail(tally_source_open(&s, "idx"), OPTION, "data idx: dir is required");
    expect_fail(tally_source_open(&s, "idx:dir="), OPTION, "dir is empty");
    expect_fail(tally_source_open(&s, "idx:dir=/no/such"), FILE,
                "dir=/no/such is not a folder");
    scratch_remove("t10k-labels-idx1-ubyte");
    check_refused("", TALLY_FILE, "there is neither");
    check_refused("", TALLY_FILE, "t10k-labels-idx1-ubyte.gz");
    scratch_write_small();
    scratch_remove("train-images-idx3-ubyte");
    check_refused("", TALLY_FILE, "train-images-idx3-ubyte nor");
}

Test(idx, a_path_too_long_is_refused)
{
    char more[4600];

    snprintf(more, sizeof more, ",train_images=%04500d", 0);
    tally_source s;
    char text[5000];
    snprintf(text, sizeof text, "idx:dir=%s%s", scratch_path(""), more);
    expect_fail(tally_source_open(&s, text), OPTION,
                "more than 4095 bytes in the path");
}

/* ---- every malformed file ---- */

enum { IMAGES, LABELS };

static const struct malformed {
    int file; /* the training images or labels */
    size_t count;
    uint32_t magic;
    uint8_t dimension[3]; /* then zeros */
    const char *words;
} malformed[] = {
    {IMAGES, 0,  0x00000000, {0, 0, 0}, "is empty, expected data from byte 0"    },
    {IMAGES, 1,  0x00000000, {0, 0, 0}, "ends at byte 1, expected an IDX header" },
    {IMAGES, 3,  0x00000803, {0, 0, 0}, "ends at byte 3, expected an IDX header" },
    {IMAGES, 4,  0x00000803, {0, 0, 0}, "ends at byte 4, inside its header"      },
    {IMAGES, 15, 0x00000803, {6, 2, 3}, "ends at byte 15, inside its header"     },
    {IMAGES, 16, 0x00000803, {6, 2, 3}, "ends at byte 16, 36 bytes short"        },
    {IMAGES, 51, 0x00000803, {6, 2, 3}, "ends at byte 51, 1 bytes short"         },
    {IMAGES, 53, 0x00000803, {6, 2, 3}, "1 bytes too many from byte 52"          },
    {IMAGES, 52, 0x03080000, {6, 2, 3}, "03 08 00 00, an IDX header in the wrong"},
    {IMAGES, 52, 0x01000803, {6, 2, 3}, "01 00 08 03, which is no IDX"           },
    {IMAGES, 52, 0x00010803, {6, 2, 3}, "00 01 08 03, which is no IDX"           },
    {IMAGES, 52, 0x504b0304, {6, 2, 3}, "50 4b 03 04, which is no IDX"           },
    {IMAGES, 52, 0x00000703, {6, 2, 3}, "byte 2 is 07, no type of IDX"           },
    {IMAGES, 52, 0x00000a03, {6, 2, 3}, "byte 2 is 0a, no type of IDX"           },
    {IMAGES, 52, 0x00000903, {6, 2, 3}, "byte 2 is 09, signed bytes, expected 08"},
    {IMAGES, 52, 0x00000b03, {6, 2, 3}, "16-bit integers"                        },
    {IMAGES, 52, 0x00000c03, {6, 2, 3}, "32-bit integers"                        },
    {IMAGES, 52, 0x00000d03, {6, 2, 3}, "32-bit floats"                          },
    {IMAGES, 52, 0x00000e03, {6, 2, 3}, "64-bit floats"                          },
    {IMAGES, 52, 0x00000800, {6, 2, 3}, "byte 3 is 0 dimensions, expected 1 to 8"},
    {IMAGES, 52, 0x00000809, {6, 2, 3}, "byte 3 is 9 dimensions, expected 1 to 8"},
    {IMAGES, 16, 0x00000803, {0, 2, 3}, "byte 4: dimension 0 is 0"               },
    {IMAGES, 16, 0x00000803, {6, 0, 3}, "byte 8: dimension 1 is 0"               },
    {IMAGES, 16, 0x00000803, {6, 2, 0}, "byte 12: dimension 2 is 0"              },
    {IMAGES, 14, 0x00000801, {6, 0, 0}, "byte 3 is 1 dimensions, expected 3"     },
    {IMAGES, 24, 0x00000802, {6, 2, 0}, "byte 3 is 2 dimensions, expected 3"     },
    {IMAGES, 46, 0x00000803, {5, 2, 3}, "byte 4: 6 labels, expected 5, the"      },
    {IMAGES, 40, 0x00000803, {6, 2, 2}, "pictures are 1x2x3, expected 1x2x2"     },
    {IMAGES, 52, 0x00000803, {6, 3, 2}, "pictures are 1x2x3, expected 1x3x2"     },
    {LABELS, 13, 0x00000801, {5, 0, 0}, "byte 4: 5 labels, expected 6"           },
    {LABELS, 18, 0x00000802, {6, 1, 0}, "byte 3 is 2 dimensions, expected 1"     },
    {LABELS, 14, 0x00000901, {6, 0, 0}, "byte 2 is 09, signed bytes"             },
    {LABELS, 14, 0x01080000, {6, 0, 0}, "expected 00 00 08 01"                   },
    {LABELS, 13, 0x00000801, {6, 0, 0}, "1 bytes short"                          },
    {LABELS, 15, 0x00000801, {6, 0, 0}, "1 bytes too many from byte 14"          },
};

enum { MALFORMED = sizeof malformed / sizeof *malformed };

static void make(const struct malformed *m, uint8_t bytes[64])
{
    memset(bytes, 0, 64);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(m->magic >> (24 - 8 * i));
    for (int i = 0; i < 3; i++)
        bytes[4 + 4 * i + 3] = m->dimension[i];
}

static void replace(int file, const uint8_t *bytes, size_t count)
{
    scratch_write(file == IMAGES ? "train-images-idx3-ubyte"
                                 : "train-labels-idx1-ubyte",
                  bytes, count);
}

Test(idx, every_malformed_file_is_refused_by_name)
{
    uint8_t bytes[64];

    for (size_t i = 0; i < MALFORMED; i++) {
        const struct malformed *m = &malformed[i];

        make(m, bytes);
        scratch_write_small();
        replace(m->file, bytes, m->count);
        check_refused("", TALLY_FORMAT, m->words);
        cr_assert(strstr(tally_error_sentence(), scratch_path("")) != NULL, "%s",
                  tally_error_sentence());
    }
}

/* The same, packed: the sentence speaks of bytes of the unpacked file. */
Test(idx, malformed_files_are_refused_when_packed_too)
{
    uint8_t bytes[64], packed[4096];

    for (size_t i = 1; i < MALFORMED; i++) {
        const struct malformed *m = &malformed[i];

        make(m, bytes);
        size_t count = scratch_pack(bytes, m->count, packed);
        scratch_write_small();
        replace(m->file, packed, count);
        check_refused("", TALLY_FORMAT, m->words);
    }
}

Test(idx, labels_out_of_range_are_refused_with_their_place)
{
    uint8_t labels[sizeof small_test_labels];

    check_refused(
        ",classes=2", TALLY_FORMAT,
        "train-labels-idx1-ubyte: byte 10: label 2 is 2, expected less than 2");
    memcpy(labels, small_test_labels, sizeof labels);
    labels[9] = 3;
    scratch_write("t10k-labels-idx1-ubyte", labels, sizeof labels);
    check_refused("", TALLY_FORMAT,
                  "t10k-labels-idx1-ubyte: byte 9: label 1 is 3, expected less than 3");
    check_refused(",classes=257", TALLY_OPTION, "classes=257 is not in [0, 256]");
}

Test(idx, more_classes_than_labels_are_allowed)
{
    tally_source s;

    expect_ok(tally_source_open(&s, spec(",classes=256")));
    cr_assert(eq(sz, s.classes, 256));
    tally_source_close(&s);
}

/* The published mean and deviation of MNIST's training pixels: 0.1307 and 0.3081 of
 * 255. */
Test(idx, mnist_is_what_it_should_be)
{
    static const int first[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    const char *dir = shared_path("data/mnist");
    tally_source s;
    char text[4200];

    if (!dir) cr_skip_test("MNIST is not on this machine");
    snprintf(text, sizeof text, "idx:dir=%s,scale=none", dir);
    expect_ok(tally_source_open(&s, text));
    cr_assert(eq(sz, s.train_count, 60000));
    cr_assert(eq(sz, s.test_count, 10000));
    cr_assert(eq(sz, s.features, 784));
    cr_assert(eq(sz, s.classes, 10));

    tally_real *x = malloc(784 * sizeof *x);
    double sum = 0, squares = 0, n = 60000.0 * 784;
    for (uint64_t row = 0; row < 60000; row++) {
        int32_t label;

        expect_ok(s.ops->fetch(&s, TALLY_TRAIN, &row, 1, x, &label));
        if (row < 10) cr_assert(eq(int, label, first[row]));
        for (int k = 0; k < 784; k++) {
            sum += (double)x[k]; /* whole numbers below 2^53: exact */
            squares += (double)x[k] * (double)x[k];
        }
    }
    cr_assert(epsilon_eq(dbl, sum / n, 33.318421449829934, 1e-12));
    cr_assert(epsilon_eq(dbl, sqrt(squares / n - sum / n * sum / n), 78.56748998339799,
                         1e-9));
    free(x);
    tally_source_close(&s);
}

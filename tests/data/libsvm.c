#include "data/scratch.h"
#include "data/source.h"
#include "data/table.h"
#include "support/arrays.h"
#include "support/expect.h"
#include "support/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(libsvm, .init = scratch_open, .fini = scratch_close);

/* "libsvm:train=.../train" and more. */
static const char *spec(const char *more)
{
    static char text[2048];

    snprintf(text, sizeof text, "libsvm:train=%s%s", scratch_path("train"), more);
    return text;
}

static void write_text(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

static tally_source opened(const char *train, const char *more)
{
    tally_source s;

    write_text("train", train);
    expect_ok(tally_source_open(&s, spec(more)));
    return s;
}

static void expect_row(const tally_source *s, tally_split split, uint64_t row,
                       const double *want, int32_t want_label)
{
    tally_real *x = malloc(s->features * sizeof *x);
    int32_t label;

    expect_ok(s->ops->fetch(s, split, &row, 1, x, &label));
    expect_near("x", x, want, s->features, REAL_EPSILON);
    cr_assert(eq(int, label, want_label));
    free(x);
}

Test(libsvm, real_quirks_are_read)
{
    tally_source s = opened("+1 1:1 3:-2.5e0 \n"     /* a blank at the end */
                            "-1\r\n"                 /* zeros alone, CR LF */
                            "-1\t2:.5\t 4:1 # 9:9\n" /* tabs, a comment */
                            "1.0 qid:17 4:+3 #\n"
                            "-1 1:0 4:4", /* no newline */
                            "");

    cr_assert(eq(sz, s.train_count, 5));
    cr_assert(eq(sz, s.test_count, 0));
    cr_assert(eq(sz, s.features, 4));
    cr_assert(eq(sz, s.classes, 2));
    cr_assert(s.shape[0] == 0);
    expect_row(&s, TALLY_TRAIN, 0, (double[]){1, 0, -2.5, 0}, 1);
    expect_row(&s, TALLY_TRAIN, 1, (double[]){0, 0, 0, 0}, 0);
    expect_row(&s, TALLY_TRAIN, 2, (double[]){0, .5, 0, 1}, 0);
    expect_row(&s, TALLY_TRAIN, 3, (double[]){0, 0, 0, 3}, 1);
    expect_row(&s, TALLY_VALIDATE, 4, (double[]){0, 0, 0, 4}, 0);
    tally_source_close(&s);
}

Test(libsvm, empty_lines_may_end_a_file)
{
    tally_source s = opened("1 1:1\n2 1:2\n\n\r\n", "");

    cr_assert(eq(sz, s.train_count, 2));
    tally_source_close(&s);
}

Test(libsvm, labels_of_any_two_kinds_become_0_and_1)
{
    static const char *const pairs[] = {"-1 1:1\n+1 1:2\n", "1 1:1\n2 1:2\n",
                                        "0 1:1\n1 1:2\n", "-7 1:1\n1000000 1:2\n"};

    for (int i = 0; i < 4; i++) {
        tally_source s = opened(pairs[i], "");

        expect_row(&s, TALLY_TRAIN, 0, (double[]){1}, 0);
        expect_row(&s, TALLY_TRAIN, 1, (double[]){2}, 1);
        tally_source_close(&s);
    }
}

/* As a9a has it: 123 features, but no row of a9a.t has the last. */
Test(libsvm, the_test_file_may_have_fewer_columns)
{
    char more[1100];

    write_text("test", "2 1:5\n1\n2 2:6\n");
    snprintf(more, sizeof more, ",test=%s", scratch_path("test"));
    tally_source s = opened("1 1:1 3:1\n2 2:1\n", more);

    cr_assert(eq(sz, s.features, 3));
    cr_assert(eq(sz, s.test_count, 3));
    expect_row(&s, TALLY_TEST, 0, (double[]){5, 0, 0}, 1);
    expect_row(&s, TALLY_TEST, 1, (double[]){0, 0, 0}, 0);
    expect_row(&s, TALLY_TEST, 2, (double[]){0, 6, 0}, 1);
    tally_source_close(&s);
    write_text("test", "1 1:1\n2 4:1\n");
    write_text("train", "1 1:1 3:1\n2 2:1\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT,
                "test: line 2, column 3: index 4 is beyond the 3 features; features=N");
    strcat(more, ",features=4");
    expect_ok(tally_source_open(&s, spec(more)));
    cr_assert(eq(sz, s.features, 4));
    tally_source_close(&s);
    write_text("test", "1 1:1\n3 1:1\n");
    expect_fail(
        tally_source_open(&s, spec(more)), FORMAT,
        "test: line 2, column 1: label 3 is none of the 2 of the training file");
}

Test(libsvm, indices_from_0_are_read_on_request_only)
{
    tally_source s = opened("1 0:1 2:3\n2 1:2\n", ",zero_based=true");

    cr_assert(eq(sz, s.features, 3));
    expect_row(&s, TALLY_TRAIN, 0, (double[]){1, 0, 3}, 0);
    expect_row(&s, TALLY_TRAIN, 1, (double[]){0, 2, 0}, 1);
    tally_source_close(&s);
    expect_fail(
        tally_source_open(&s, spec("")), FORMAT,
        "train: line 1, column 3: index 0, expected 1 or more; zero_based=true");
    expect_fail(tally_source_open(&s, spec(",zero_based=true,features=2")), FORMAT,
                "index 2 is beyond the 2 features");
}

Test(libsvm, packed_files_are_the_same_data)
{
    static const char text[] = "1 1:1\n2 1:2\n";
    uint8_t packed[4096];
    tally_source s = opened(text, "");
    uint64_t hash = s.hash;

    tally_source_close(&s);
    scratch_write("train", packed, scratch_pack(text, strlen(text), packed));
    expect_ok(tally_source_open(&s, spec("")));
    cr_assert(eq(u64, s.hash, hash));
    tally_source_close(&s);
    s = opened("1 1:1\n2 1:3\n", "");
    cr_assert(ne(u64, s.hash, hash));
    tally_source_close(&s);
}

/* ---- scaling ---- */

/* Columns {3, 0, 0}, {-4, 2, 2}, {7, 7, 7}, {0, 0, 0}; the test row is beyond them. */
static const char scaled[] = "1 1:3 2:-4 3:7\n2 2:2 3:7\n1 2:2 3:7\n";

static tally_source open_scaled(const char *scale)
{
    char more[1200];

    write_text("test", "2 1:6 2:8 3:8 4:5\n");
    snprintf(more, sizeof more, ",test=%s,features=4,scale=%s", scratch_path("test"),
             scale);
    return opened(scaled, more);
}

Test(libsvm, unit_scale_divides_by_the_largest_magnitude)
{
    tally_source s = open_scaled("unit");

    expect_row(&s, TALLY_TRAIN, 0, (double[]){1, -1, 1, 0}, 0);
    expect_row(&s, TALLY_TRAIN, 1, (double[]){0, .5, 1, 0}, 1);
    expect_row(&s, TALLY_TEST, 0, (double[]){2, 2, 8.0 / 7, 5}, 1);
    tally_source_close(&s);
}

/* Column 1: mean 1, deviation sqrt 2; column 2: mean 0, deviation sqrt 8. */
Test(libsvm, standard_scale_counts_the_zeros_and_leaves_what_is_constant)
{
    const double two = sqrt(2), eight = sqrt(8);
    tally_source s = open_scaled("standard");

    expect_row(&s, TALLY_TRAIN, 0, (double[]){2 / two, -4 / eight, 0, 0}, 0);
    expect_row(&s, TALLY_TRAIN, 1, (double[]){-1 / two, 2 / eight, 0, 0}, 1);
    expect_row(&s, TALLY_TEST, 0, (double[]){5 / two, 8 / eight, 1, 5}, 1);
    tally_source_close(&s);
}

Test(libsvm, what_cannot_be_scaled_is_said)
{
    tally_source s;

    write_text("train", "1 1:1e-30\n2 1:1e38\n");
    expect_ok(tally_source_open(&s, spec(",scale=unit")));
    tally_source_close(&s);
    write_text("train", "1 1:0\n2 1:1e-40\n");
    expect_ok(tally_source_open(&s, spec(",scale=standard")));
    tally_source_close(&s);
#ifdef TALLY_DOUBLE
    write_text("train", "1 1:-1.7e308\n2 1:1.7e308\n");
    expect_fail(tally_source_open(&s, spec(",scale=standard")), OPTION,
                "too large or too small to be scaled; expected scale=none");
#endif
}

/* ---- every malformed file ---- */

static const struct malformed {
    const char *text, *words;
} malformed[] = {
    {"1 0:1\n2 1:1\n",                "line 1, column 3: index 0, expected 1 or more"           },
    {"1 -1:1\n",                      "line 1, column 3: index -1 is negative"                  },
    {"1 2147483648:1\n",              "column 3: index 2147483648 is more than 2147483647"      },
    {"1 99999999999999999999999:1\n", "is more than 2147483647"                                 },
    {"1 2:1 1:1\n",                   "line 1, column 7: index 1 does not ascend: 2 came before"},
    {"2 1:1\n1 3:1 3:1\n",            "line 2, column 7: index 3 does not ascend: 3 came"       },
    {"1 1\n",                         "column 3: \"1\" has no ':', expected index:value"        },
    {"1 1:\n",                        "column 3: \"1:\" lacks its value"                        },
    {"1 :1\n",                        "column 3: \":1\" lacks its index"                        },
    {"1 1 :1\n",                      "column 3: \"1\" has no ':'"                              },
    {"1 1: 1\n",                      "column 3: \"1:\" lacks its value"                        },
    {"1 1:1:1\n",                     "column 5: value 1:1 is no decimal number"                },
    {"1 1:x\n",                       "column 5: value x is no decimal number"                  },
    {"1 1:1x\n",                      "column 5: value 1x is no decimal number"                 },
    {"1 1:0x1\n",                     "value 0x1 is no decimal number"                          },
    {"1 1:nan\n",                     "value nan is no decimal number"                          },
    {"1 1:inf\n",                     "value inf is no decimal number"                          },
    {"1 1:-Infinity\n",               "value -Infinity is no decimal number"                    },
    {"1 1:1,5\n",                     "value 1,5 is no decimal number"                          },
    {"1 12:1e999\n",                  "line 1, column 6: value 1e999 is out of range"           },
    {"1 a:1\n",                       "column 3: \"a\" is no index, expected digits"            },
    {"1 +1:1\n",                      "\"+1\" is no index"                                      },
    {"1 1.0:1\n",                     "\"1.0\" is no index"                                     },
    {"1 1:1 qid:3\n",                 "column 7: \"qid\" is no index"                           },
    {"1 qid:x 1:1\n",                 "column 3: \"qid\" is no index"                           },
    {"x 1:1\n",                       "line 1, column 1: label x is no decimal number"          },
    {"0x1 1:1\n",                     "label 0x1 is no decimal number"                          },
    {"nan 1:1\n",                     "label nan is no decimal number"                          },
    {"0.5 1:1\n",                     "label 0.5 is not whole"                                  },
    {"1:1 2:1\n",                     "column 1: label 1:1 is no decimal number"                },
    {"1# no blank\n",                 "column 1: label 1# is no decimal number"                 },
    {"# a comment\n1 1:1\n",          "line 1, column 1: label # is no decimal number"          },
    {" 1 1:1\n",                      "line 1, column 1: a blank, expected a label"             },
    {"1 1:1\n \n2 1:1\n",             "line 2, column 1: a blank, expected a label"             },
    {"1 1:1\n\n2 1:1\n",              "line 2, column 1: the line is empty"                     },
    {"\n1 1:1\n",                     "line 1, column 1: the line is empty"                     },
    {"1 1:1\r2 1:1\n",                "line 1, column 6: byte 0d is no ASCII text"              },
    {"1 1:1 # caf\xc3\xa9\n",         "line 1, column 12: byte c3 is no ASCII text"             },
    {"\xef\xbb\xbf"
     "1 1:1\n",                  "line 1, column 1: byte ef is no ASCII text"              },
    {"1 1:1\x0b 2:1\n",               "byte 0b is no ASCII text"                                },
    {"1\n2\n",                        "no row has a feature"                                    },
    {"1 1:1\n1 1:2\n",                "all rows have the same label"                            },
    {"\n\n",                          "holds no rows"                                           },
};

Test(libsvm, every_malformed_file_is_refused_with_its_place)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        tally_source s;

        write_text("train", malformed[i].text);
        tally_status status = tally_source_open(&s, spec(""));
        const char *said = tally_error_sentence();

        cr_assert(status == TALLY_FORMAT, "%s", malformed[i].text);
        cr_assert(strstr(said, malformed[i].words) != NULL, "\"%s\" lacks \"%s\"", said,
                  malformed[i].words);
        cr_assert(strstr(said, scratch_path("train")) == said, "%s", said);
        cr_assert(s.inner == NULL && s.options == NULL);
    }
}

Test(libsvm, bytes_that_are_no_text_are_refused)
{
    tally_source s;

    scratch_write("train", "1 1:1\0\n2 1:1\n", 14);
    expect_fail(tally_source_open(&s, spec("")), FORMAT,
                "line 1, column 6: byte 00 is no ASCII text");
    scratch_write("train", "", 0);
    expect_fail(tally_source_open(&s, spec("")), FORMAT, "is empty");
}

Test(libsvm, lines_and_words_have_a_limit)
{
    enum { LINE = (1 << 20) + 1 };

    char *text = malloc(LINE);
    tally_source s;

    memset(text, ' ', LINE);
    memcpy(text, "1 1:1", 5);
    scratch_write("train", text, LINE);
    expect_fail(tally_source_open(&s, spec("")), FORMAT,
                "line 1, column 1: the line has more than 1048576 characters");
    memset(text + 5, '0', 300);
    scratch_write("train", text, LINE - 1);
    expect_fail(tally_source_open(&s, spec("")), FORMAT,
                "line 1, column 3: 303 characters without a blank");
    free(text);
}

Test(libsvm, files_and_options_are_checked)
{
    tally_source s;

    expect_fail(tally_source_open(&s, "libsvm"), OPTION,
                "data libsvm: train is required, such as libsvm:train=FILE");
    expect_fail(tally_source_open(&s, "libsvm:train=/no/such"), FILE, "/no/such");
    write_text("train", "1 1:1\n2 1:1\n3 1:1\n");
    expect_fail(tally_source_open(&s, spec(",test=/no/such")), FILE, "/no/such");
    expect_fail(tally_source_open(&s, spec(",classes_most=2")), FORMAT,
                "line 3, column 1: label 3 is one more than classes_most=2 allows");
    expect_fail(tally_source_open(&s, spec(",features=2147483648")), OPTION,
                "features=2147483648 is not in");
    expect_ok(tally_source_open(&s, spec("")));
    expect_fail(s.ops->fetch(&s, TALLY_TRAIN, (uint64_t[]){3}, 1, NULL, NULL), OPTION,
                "data libsvm: there is no row 3, expected less than 3");
    expect_fail(s.ops->fetch(&s, TALLY_TEST, (uint64_t[]){0}, 1, NULL, NULL), OPTION,
                "there is no row 0, expected less than 0");
    tally_source_close(&s);
}

/* ---- real files ---- */

static void check_split(const tally_source *s, tally_split split, size_t rows,
                        size_t entries, size_t second)
{
    const tally_rows *r = tally_table_rows(s, split);
    size_t count = 0;

    for (size_t i = 0; i < r->count; i++)
        count += r->label[i] == 1;
    cr_assert(eq(sz, r->count, rows));
    cr_assert(eq(sz, r->entries, entries));
    cr_assert(eq(sz, count, second));
}

/* Rows, features, values and rows of the second class as the LIBSVM site states them.
 */
Test(libsvm, published_sets_have_their_published_sizes)
{
    static const struct {
        const char *name;
        size_t rows, features, entries, second;
    } sets[] = {
        {"a9a",                32561, 123, 451592, 7841},
        {"w8a",                49749, 300, 579586, 1479},
        {"mushrooms",          8124,  112, 170604, 4208},
        {"phishing",           11055, 68,  331650, 6157},
        {"svmguide1",          3089,  4,   12356,  2000},
        {"german.numer_scale", 1000,  24,  23001,  300 },
    };

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char path[256], text[4200];
        tally_source s;

        snprintf(path, sizeof path, "data/libsvm/%s.gz", sets[i].name);
        const char *file = shared_path(path);
        if (!file) cr_skip_test("%s is not on this machine", path);
        snprintf(text, sizeof text, "libsvm:train=%s", file);
        expect_ok(tally_source_open(&s, text));
        cr_assert(eq(sz, s.features, sets[i].features));
        cr_assert(eq(sz, s.classes, 2));
        check_split(&s, TALLY_TRAIN, sets[i].rows, sets[i].entries, sets[i].second);
        tally_source_close(&s);
    }
}

Test(libsvm, a9a_comes_with_a_test_file)
{
    char train[2048], text[4400];
    const char *file = shared_path("data/libsvm/a9a.gz");
    tally_source s;

    if (!file) cr_skip_test("a9a is not on this machine");
    snprintf(train, sizeof train, "%s", file);
    file = shared_path("data/libsvm/a9a.t.gz");
    if (!file) cr_skip_test("a9a.t is not on this machine");
    snprintf(text, sizeof text, "libsvm:train=%s,test=%s", train, file);
    expect_ok(tally_source_open(&s, text));
    cr_assert(eq(sz, s.features, 123));
    check_split(&s, TALLY_TEST, 16281, 225731, 3846);
    tally_source_close(&s);
}

#include "data/scratch.h"
#include "data/source.h"
#include "data/table.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(csv, .init = scratch_open, .fini = scratch_close);

/* "csv:train=.../train" and more. */
static const char *spec(const char *more)
{
    static char text[2048];

    snprintf(text, sizeof text, "csv:train=%s%s", scratch_path("train"), more);
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

static void expect_pair(tally_source s)
{
    cr_assert(eq(sz, s.train_count, 2));
    cr_assert(eq(sz, s.test_count, 0));
    cr_assert(eq(sz, s.features, 2));
    cr_assert(eq(sz, s.classes, 2));
    expect_row(&s, TALLY_TRAIN, 0, (double[]){1.5, 0}, 1);
    expect_row(&s, TALLY_TRAIN, 1, (double[]){-2, 300}, 0);
    tally_source_close(&s);
}

Test(csv, the_label_is_a_column_by_name_or_number)
{
    static const char text[] = "a,kind,b\n1.5,yes,0\n-2,no,3e2\n";

    expect_pair(opened(text, ",label=kind"));
    expect_pair(opened(text, ",label=2"));
    expect_pair(opened("yes,1.5,0\nno,-2,300\n", ",label=1,header=false"));
    expect_pair(opened("1.5,0,yes\n-2,300,no\n", ",label=3,header=false"));
    expect_pair(opened("2,a,b\nyes,1.5,0\nno,-2,300", ",label=2")); /* a name first */
}

Test(csv, line_ends_quotes_and_separators_are_as_in_the_rfc)
{
    expect_pair(opened("a,y,b\r\n1.5,yes,0\r\n-2,no,300\r\n", ",label=y"));
    expect_pair(opened("a,y,b\n1.5,yes,0\n-2,no,300", ",label=y"));
    expect_pair(opened("\xef\xbb\xbf"
                       "a,y,b\n1.5,yes,0\n-2,no,300\n",
                       ",label=y"));
    expect_pair(
        opened("\"a\",\"y\",\"b\"\n\"1.5\",yes,\"0\"\n-2,\"no\",300\n", ",label=y"));
    expect_pair(
        opened("a,y,b\n1.5,\"b,\"\"\r\n\"\"\",0\n-2,\"b\"\"\",300\n", ",label=y"));
    expect_pair(opened("a;y;b\n1.5;u,v;0\n-2;u;300\n", ",label=y,separator=semicolon"));
    expect_pair(opened("a\ty\tb\n1.5\tx y\t0\n-2\tx\t300\n", ",label=y,separator=tab"));
    expect_pair(opened("a y b\n1.5 2 0\n-2 1 300\n", ",label=y,separator=space"));
    expect_pair(opened("a|y|b\n1.5|10|0\n-2|9|300\n", ",label=y,separator=bar"));
    expect_pair(opened("a,y,b\n1.5,\xc3\xa9t\xc3\xa9,0\n-2,est,300\n", ",label=y"));
}

/* The name of the column in the fifth line counts the lines inside quotes. */
Test(csv, lines_inside_quotes_are_counted)
{
    tally_source s;

    write_text("train", "a,y\n1,\"x\n\ny\"\n2,z\nq,z\n");
    expect_fail(tally_source_open(&s, spec(",label=y")), FORMAT,
                "train: line 6, field 1: \"q\" is no decimal number");
}

Test(csv, the_test_file_has_the_columns_and_labels_of_the_training_file)
{
    char more[1200];
    tally_source s;

    snprintf(more, sizeof more, ",label=y,test=%s", scratch_path("test"));
    write_text("test", "a,b,y\n5,6,v\n");
    s = opened("a,b,y\n1,2,u\n3,4,v\n", more);
    cr_assert(eq(sz, s.test_count, 1));
    expect_row(&s, TALLY_TEST, 0, (double[]){5, 6}, 1);
    tally_source_close(&s);
    write_text("test", "a,b,y\n5,6,w\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT,
                "test: line 2, field 3: label w is none of the 2 of the training file");
    write_text("test", "b,a,y\n5,6,v\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT,
                "test: line 1, field 1: column b, expected a as in");
    write_text("test", "a,y\n5,v\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT,
                "test: line 1, field 2: column y is the last, expected b as in");
    write_text("test", "a,b,y,c\n5,6,v,0\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT,
                "test: line 1, field 3: column y, expected y to be the last as in");
    write_text("test", "a,b,y\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT, "test holds no rows");
    snprintf(more, sizeof more, ",label=3,header=false,test=%s", scratch_path("test"));
    write_text("train", "1,2,u\n3,4,v\n");
    write_text("test", "1,2,u,4\n");
    expect_fail(tally_source_open(&s, spec(more)), FORMAT,
                "test: line 1 has 4 fields, expected 3 as in");
}

Test(csv, features_are_scaled_on_request)
{
    tally_source s = opened("a,b,y\n1,4,u\n3,4,v\n", ",label=y,scale=standard");

    expect_row(&s, TALLY_TRAIN, 0, (double[]){-1, 0}, 0);
    expect_row(&s, TALLY_TRAIN, 1, (double[]){1, 0}, 1);
    tally_source_close(&s);
}

Test(csv, a_column_of_zeros_is_a_feature)
{
    tally_source s = opened("a,b,y\n1,0,u\n3,0,v\n", ",label=y");

    cr_assert(eq(sz, s.features, 2));
    tally_source_close(&s);
}

/* ---- every malformed file ---- */

static const struct malformed {
    const char *text, *words;
} malformed[] = {
    {"a,b,y\n1,2\n",            "line 2 has 2 fields, expected 3"                       },
    {"a,b,y\n1,2,u,4\n",        "line 2 has more than 3 fields"                         },
    {"a,b,y\n1,2,u,\n",         "line 2 has more than 3 fields"                         },
    {"a,b,y\n1,2,u\n\n3,4,v\n", "line 3, field 1: it is empty, expected a number"       },
    {"a,b,y\n1,2,u\n\n",        "line 3, field 1: it is empty, expected a number"       },
    {"a,b,y\n1,,u\n",           "line 2, field 2: it is empty, expected a number"       },
    {"a,b,y\n1, 2,u\n",         "line 2, field 2: \" 2\" is no decimal number"          },
    {"a,b,y\n1,NaN,u\n",        "field 2: \"NaN\" is no decimal number"                 },
    {"a,b,y\n1,0x2,u\n",        "field 2: \"0x2\" is no decimal number"                 },
    {"a,b,y\n1,1e999,u\n",      "field 2: \"1e999\" is out of range"                    },
    {"a,b,y\n1,2,\n",           "line 2, field 3: the label is empty"                   },
    {"a,b,y\n1,2,0.5\n",        "line 2, field 3: label 0.5 is not whole"               },
    {"a,b,y\n1,2\"3,u\n",       "line 2, field 2: a quote inside a field without quotes"},
    {"a,b,y\n1,\"2\"3,u\n",     "line 2, field 2: text after the closing quote"         },
    {"a,b,y\n1,\"2\" ,u\n",     "line 2, field 2: text after the closing quote"         },
    {"a,b,y\n1,\"2,u\n3,4,v\n", "line 2, field 2: the quote that opens it is never"     },
    {"a,b,y\n1,2,\"u\"\"",      "line 2, field 3: the quote that opens it is never"     },
    {"a,b,y\n1,\"",             "line 2, field 2: the quote that opens it is never"     },
    {"a,b,y\r1,2,u\r",          "line 1, field 3: a carriage return without a line feed"},
    {"a,b,y\n1,2,u\r",          "line 2, field 3: a carriage return without a line feed"},
    {"a,y,y\n1,2,u\n",          "line 1: 2 columns are named y"                         },
    {"y\nu\n",                  "line 1 has one field, expected a label and a number"   },
    {"a,b,y\n",                 "holds no rows"                                         },
    {"a,b,y\n1,2,u\n3,4,u\n",   "all rows have the same label"                          },
};

Test(csv, every_malformed_file_is_refused_with_its_place)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        tally_source s;

        write_text("train", malformed[i].text);
        tally_status status = tally_source_open(&s, spec(",label=y"));
        const char *said = tally_error_sentence();

        cr_assert(status == TALLY_FORMAT, "%s", malformed[i].text);
        cr_assert(strstr(said, malformed[i].words) != NULL, "\"%s\" lacks \"%s\"", said,
                  malformed[i].words);
        cr_assert(strstr(said, scratch_path("train")) == said, "%s", said);
        cr_assert(s.inner == NULL && s.options == NULL);
    }
}

Test(csv, what_is_no_text_or_too_long_is_refused)
{
    char text[400];
    tally_source s;

    scratch_write("train", "a,y\n1,u\0\n", 9);
    expect_fail(tally_source_open(&s, spec(",label=y")), FORMAT,
                "line 2, field 2: a byte 00, expected text");
    snprintf(text, sizeof text, "a,y\n1,%0256d\n", 1);
    write_text("train", text);
    expect_fail(tally_source_open(&s, spec(",label=y")), FORMAT,
                "line 2, field 2: the field has more than 255 characters");
    snprintf(text, sizeof text, "a,y\n1,%0255d\n2,0\n", 1);
    write_text("train", text);
    expect_ok(tally_source_open(&s, spec(",label=y")));
    tally_source_close(&s);
}

Test(csv, options_are_checked)
{
    tally_source s;

    expect_fail(tally_source_open(&s, "csv"), OPTION, "data csv: train is required");
    write_text("train", "a,b,y\n1,2,u\n3,4,v\n5,6,w\n");
    expect_fail(tally_source_open(&s, spec("")), OPTION, "data csv: label is required");
    expect_fail(tally_source_open(&s, spec(",label=Y")), OPTION,
                "there is no column Y");
    expect_fail(tally_source_open(&s, spec(",label=0")), OPTION,
                "label=0 is no column, expected 1 to 3");
    expect_fail(tally_source_open(&s, spec(",label=4")), OPTION,
                "label=4 is no column, expected 1 to 3");
    expect_fail(tally_source_open(&s, spec(",label=y,header=false")), OPTION,
                "there is no column y; header=false has no names");
    expect_fail(tally_source_open(&s, spec(",label=y,separator=semicolon")), OPTION,
                "there is no column y");
    expect_fail(tally_source_open(&s, spec(",label=y,classes_most=2")), FORMAT,
                "line 4, field 3: label w is one more than classes_most=2 allows");
    expect_fail(tally_source_open(&s, "csv:train=/no/such,label=y"), FILE, "/no/such");
}

#include "tally/option.h"

#include "support/expect.h"

#include <criterion/parameterized.h>

#include <math.h>
#include <string.h>

typedef struct sample {
    double beta;
    uint64_t keep;
    bool nesterov;
    int tie;
    char *dir;
    tally_sizes hidden;
    double open;
} sample;

static const tally_option options[] = {
    TALLY_OPTION(REAL, sample, beta, "0.9", "[0, 1)", "share kept"),
    TALLY_OPTION(COUNT, sample, keep, "2", "[1, 100]", "checkpoints"),
    TALLY_OPTION(FLAG, sample, nesterov, "false", NULL, "look ahead"),
    TALLY_OPTION(CHOICE, sample, tie, "coin", "plus|minus|coin", "what a tie becomes"),
    TALLY_OPTION(TEXT, sample, dir, NULL, NULL, "folder"),
    TALLY_OPTION(SIZES, sample, hidden, "512x256", "[1, 1e6]", "widths"),
    TALLY_OPTION(REAL, sample, open, NULL, "(0, 9]", "as the member likes"),
    TALLY_END,
};

static const tally_about about = {
    .name = "sample", .options = options, .options_size = sizeof(sample)};

Test(option, defaults_are_set)
{
    void *opened;

    expect_ok(tally_options_open("rule sample", &about, NULL, &opened));
    const sample *o = opened;
    cr_assert(ieee_ulp_eq(dbl, o->beta, 0.9, 0));
    cr_assert(eq(u64, o->keep, 2));
    cr_assert(not(o->nesterov));
    cr_assert(eq(int, o->tie, 2));
    cr_assert(o->dir == NULL);
    cr_assert(eq(sz, o->hidden.count, 2));
    cr_assert(eq(u64, o->hidden.at[1], 256));
    cr_assert(isnan(o->open));
    tally_options_close(&about, opened);
}

Test(option, what_is_printed_reads_back_the_same)
{
    const char *text = "beta=0.30000000000000004,keep=7,nesterov=true,tie=plus,dir=a/b,"
                       "hidden=1x2x3";
    char printed[256];
    void *opened;

    expect_ok(tally_options_open("rule sample", &about, text, &opened));
    expect_ok(tally_options_print(&about, opened, printed, sizeof printed));
    cr_assert(eq(str, printed, text));
    cr_assert(ne(int, (int)tally_options_print(&about, opened, printed, 10), 0));
    tally_options_close(&about, opened);
}

typedef struct wrong {
    char pairs[64], sentence[104];
} wrong;

ParameterizedTestParameters(option, wrong_values_get_a_sentence)
{
    static wrong cases[] = {
        {"beta=1",                    "rule sample: beta=1 is not in [0, 1)"                          },
        {"beta=1.5",                  "rule sample: beta=1.5 is not in [0, 1)"                        },
        {"beta=-1e-9",                "rule sample: beta=-1e-9 is not in [0, 1)"                      },
        {"beta=nan",                  "rule sample: beta=nan is not a number"                         },
        {"beta=",                     "rule sample: beta= is not a number"                            },
        {"beta=0,5",                  "rule sample: \"5\" is not key=value"                           },
        {"keep=0",                    "rule sample: keep=0 is not in [1, 100]"                        },
        {"keep=-1",
         "rule sample: keep=-1 is not a whole number below 2^64, such as 1000 or 4k"                  },
        {"keep=1.5",
         "rule sample: keep=1.5 is not a whole number below 2^64, such as 1000 or 4k"                 },
        {"dir=",                      "rule sample: dir is empty: give it a value, or leave it out"   },
        {"keep=99999999999999999999",
         "rule sample: keep=99999999999999999999 is not a whole number below 2^64, such as 1000 or 4k"},
        {"nesterov=yes",              "rule sample: nesterov=yes is neither true nor false"           },
        {"tie=heads",                 "rule sample: tie=heads is not one of plus|minus|coin"          },
        {"tie=plu",                   "rule sample: tie=plu is not one of plus|minus|coin"            },
        {"hidden=5x",
         "rule sample: hidden=5x is not a list of sizes such as 512x512, each in [1, 1e6]"            },
        {"hidden=0",
         "rule sample: hidden=0 is not a list of sizes such as 512x512, each in [1, 1e6]"             },
        {"bata=1",                    "rule sample has no option bata; did you mean beta?"            },
        {"wholly=1",                  "rule sample has no option wholly"                              },
        {"beta",                      "rule sample: \"beta\" is not key=value"                        },
    };

    return cr_make_param_array(wrong, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(wrong *w, option, wrong_values_get_a_sentence)
{
    void *opened = NULL;

    cr_assert(eq(int, (int)tally_options_open("rule sample", &about, w->pairs, &opened),
                 (int)TALLY_OPTION));
    cr_assert(eq(str, tally_error_sentence(), w->sentence));
    cr_assert(opened == NULL);
}

Test(option, what_has_no_value_is_not_printed)
{
    char printed[256];
    void *opened;

    expect_ok(tally_options_open("x", &about, NULL, &opened));
    expect_ok(tally_options_print(&about, opened, printed, sizeof printed));
    cr_assert(strstr(printed, "open") == NULL, "%s", printed);
    expect_ok(tally_option_print(&options[6], opened, printed, sizeof printed));
    cr_assert(eq(str, printed, ""));
    expect_ok(tally_options_set("x", &about, opened, "open", "9"));
    expect_ok(tally_options_print(&about, opened, printed, sizeof printed));
    cr_assert(strstr(printed, "hidden=512x256,open=9") != NULL, "%s", printed);
    tally_options_close(&about, opened);
}

Test(option, an_empty_list_is_none)
{
    char printed[256];
    void *opened;

    expect_ok(tally_options_open("x", &about, "hidden=none", &opened));
    cr_assert(eq(sz, ((sample *)opened)->hidden.count, 0));
    expect_ok(tally_options_print(&about, opened, printed, sizeof printed));
    cr_assert(strstr(printed, "hidden=none") != NULL, "%s", printed);
    tally_options_close(&about, opened);
}

#include "data/decimal.h"

#include "support/expect.h"

#include <locale.h>
#include <stdio.h>

Test(decimal, numbers_are_read_whole)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0",      0   },
        {"+1",     1   },
        {"-1",     -1  },
        {"007",    7   },
        {"1.",     1   },
        {".5",     0.5 },
        {"-.5e1",  -5  },
        {"1e3",    1000},
        {"1E+03",  1000},
        {"2.5e-1", .25 },
        {"1e-999", 0   },
        {"-0",     0   },
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double value = 99;

        cr_assert(tally_decimal(good[i].text, &value) == NULL, "%s", good[i].text);
        cr_assert(eq(dbl, value, good[i].value));
    }
}

Test(decimal, whatever_else_is_refused)
{
    static const char *const bad[] = {
        "",     "+",     "-",   ".",   "e5",  "1e",    "1e+",      "1.2.3",
        "0x10", "0x1p3", "nan", "NaN", "inf", "-inf",  "infinity", " 1",
        "1 ",   "1k",    "1,5", "--1", "+-1", "1_000", "1e5.0",    "1d3",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value;
        const char *wrong = tally_decimal(bad[i], &value);

        cr_assert(wrong && strcmp(wrong, "is no decimal number") == 0, "%s", bad[i]);
    }
}

Test(decimal, what_a_weight_cannot_hold_is_out_of_range)
{
    double value;

    cr_assert(tally_decimal("3e38", &value) == NULL);
    cr_assert(eq(str, (char *)tally_decimal("1e999", &value), "is out of range"));
    cr_assert(eq(str, (char *)tally_decimal("-1e309", &value), "is out of range"));
#ifndef TALLY_DOUBLE
    cr_assert(eq(str, (char *)tally_decimal("4e38", &value), "is out of range"));
#endif
}

Test(decimal, the_locale_does_not_matter)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE",
                                         "fr_FR"};
    const char *set = NULL;
    double value;

    for (int i = 0; i < 4 && !set; i++)
        set = setlocale(LC_NUMERIC, commas[i]);
    if (!set) cr_skip_test("no locale with a decimal comma on this machine");
    cr_assert(tally_decimal("1.5", &value) == NULL);
    cr_assert(eq(dbl, value, 1.5));
    cr_assert(tally_decimal("1,5", &value) != NULL);
}

Test(decimal, a_place_begins_the_sentence)
{
    tally_place place = {"rows.txt", "column", 3, 7};

    expect_fail(tally_refuse(place, "%d is odd", 5), FORMAT,
                "rows.txt: line 3, column 7: 5 is odd");
}

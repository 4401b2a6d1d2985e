#include "data/source.h"

#include "support/expect.h"

#include <stdlib.h>

Test(source, members_come_in_teaching_order)
{
    static const char *const names[] = {"digits", "mnist1k", "synthetic", "idx",
                                        "libsvm", "csv",     "graph"};
    const size_t count = sizeof names / sizeof *names;

    for (size_t i = 0; i < count; i++)
        cr_assert(eq(str, (char *)tally_family_at(&tally_source_family, i)->name,
                     (char *)names[i]));
    cr_assert(tally_family_at(&tally_source_family, count) == NULL);
}

Test(source, unknown_names_and_values_are_refused)
{
    tally_source s;

    expect_fail(tally_source_open(&s, "digit"), OPTION,
                "there is no data digit; did you mean digits?");
    expect_fail(tally_source_open(&s, "digits:scale=big"), OPTION,
                "data digits: scale=big is not one of standard|unit|none|centred");
    tally_source_close(&s);
    expect_fail(tally_source_open(&s, "mnist1k:dir=x"), OPTION,
                "data mnist1k has no option dir");
}

Test(source, closing_twice_or_zeroed_is_harmless)
{
    tally_source s = {0};

    tally_source_close(&s);
    expect_ok(tally_source_open(&s, "digits"));
    tally_source_close(&s);
    tally_source_close(&s);
    cr_assert(s.ops == NULL && s.inner == NULL && s.options == NULL);
}

/* ---- one that a program adds ---- */

static tally_status ones_open(tally_source *s)
{
    s->features = 1;
    s->classes = 1;
    s->train_count = s->test_count = 3;
    return TALLY_OK;
}

static tally_status ones_fetch(const tally_source *s, tally_split split,
                               const uint64_t *rows, size_t n, tally_real *x,
                               int32_t *label)
{
    (void)s;
    (void)split;
    (void)rows;
    for (size_t i = 0; i < n; i++) {
        x[i] = 1;
        label[i] = 0;
    }
    return TALLY_OK;
}

static const tally_source_ops ones = {
    .about = {.name = "ones", .brief = "ones", .paper = ""},
    .open = ones_open,
    .fetch = ones_fetch,
};

Test(source, a_registered_one_opens_like_the_others)
{
    tally_source s;
    tally_real x = 0;
    int32_t label = 7;
    uint64_t row = 0;

    expect_ok(tally_register_source(&ones));
    expect_fail(tally_register_source(&ones), OPTION, "data ones is already there");
    expect_ok(tally_source_open(&s, "ones"));
    expect_ok(s.ops->fetch(&s, TALLY_TRAIN, &row, 1, &x, &label));
    cr_assert(x == 1 && label == 0);
    tally_source_close(&s);
}

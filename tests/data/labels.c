#include "data/labels.h"

#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

static const tally_place place = {"rows", "field", 2, 1};

static int32_t take(tally_labels *l, const char *text)
{
    int32_t id = -1;

    expect_ok(tally_labels_take(l, place, text, &id));
    return id;
}

Test(labels, classes_are_numbered_in_sorted_order)
{
    tally_labels l = {.most = 10, .words = true};
    int32_t rows[] = {take(&l, "10"), take(&l, "b"),  take(&l, "9"),
                      take(&l, "-1"), take(&l, "ab"), take(&l, "9")};
    static const int32_t classes[] = {2, 4, 1, 0, 3, 1};

    expect_ok(tally_labels_end(&l, rows, 6));
    cr_assert(memcmp(rows, classes, sizeof classes) == 0);
    cr_assert(eq(sz, l.count, 5));
    cr_assert(eq(int, take(&l, "10"), 2));
    cr_assert(eq(int, take(&l, "ab"), 3));
    tally_labels_close(&l);
    tally_labels_close(&l);
}

Test(labels, spellings_of_a_number_are_one_label)
{
    tally_labels l = {.most = 1, .words = true};

    cr_assert(eq(int, take(&l, "1"), 0));
    cr_assert(eq(int, take(&l, "+1"), 0));
    cr_assert(eq(int, take(&l, "1.00"), 0));
    cr_assert(eq(int, take(&l, "1e0"), 0));
    tally_labels_close(&l);
}

Test(labels, what_names_no_class_is_refused)
{
    tally_labels l = {.most = 2, .words = true};
    int32_t id;

    expect_fail(tally_labels_take(&l, place, "0.5", &id), FORMAT,
                "rows: line 2, field 1: label 0.5 is not whole");
    expect_fail(tally_labels_take(&l, place, "1e17", &id), FORMAT, "is not whole");
    expect_fail(tally_labels_take(&l, place, "1e999", &id), FORMAT, "is out of range");
    expect_fail(tally_labels_take(&l, place, "", &id), FORMAT, "the label is empty");
    take(&l, "a");
    take(&l, "b");
    expect_fail(tally_labels_take(&l, place, "c", &id), FORMAT,
                "label c is one more than classes_most=2 allows");
    l.words = false;
    expect_fail(tally_labels_take(&l, place, "a", &id), FORMAT,
                "label a is no decimal number");
    tally_labels_close(&l);
}

Test(labels, a_closed_set_takes_no_more)
{
    tally_labels l = {.most = 10};
    int32_t rows[] = {take(&l, "2"), take(&l, "1")}, id;

    expect_ok(tally_labels_end(&l, rows, 2));
    expect_fail(tally_labels_take(&l, place, "3", &id), FORMAT,
                "label 3 is none of the 2 of the training file");
    tally_labels_close(&l);
}

/* Any order of arrival gives the same classes. */
Test(labels, many_labels_keep_their_order)
{
    enum { N = 500 };

    tally_labels l = {.most = N};
    int32_t rows[N];
    char text[16];

    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%d", i * 263 % N - 100);
        rows[i] = take(&l, text);
    }
    expect_ok(tally_labels_end(&l, rows, N));
    for (int i = 0; i < N; i++)
        cr_assert(eq(int, rows[i], i * 263 % N));
    tally_labels_close(&l);
}

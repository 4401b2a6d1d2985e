#include "tally/option.h"

#include "support/expect.h"

static const tally_about one = {.name = "one"}, two = {.name = "two"};
static const tally_about *const members[] = {&one, NULL};
static const tally_family family = {
    .name = "number", .flag = "--number", .members = members};

Test(family, members_are_found_by_name)
{
    const tally_about *about;

    expect_ok(tally_family_find(&family, "one", &about));
    cr_assert(about == &one);
    expect_fail(tally_family_find(&family, "onne", &about), OPTION, "onne");
    cr_assert(
        eq(str, tally_error_sentence(), "there is no number onne; did you mean one?"));
}

Test(family, registered_members_come_after_the_built_in)
{
    expect_ok(tally_family_register(&family, &two));
    cr_assert(tally_family_at(&family, 0) == &one);
    cr_assert(tally_family_at(&family, 1) == &two);
    cr_assert(tally_family_at(&family, 2) == NULL);
    expect_fail(tally_family_register(&family, &two), OPTION, "already");
    cr_assert(eq(str, tally_error_sentence(), "number two is already there"));
}

Test(family, a_spec_needs_a_name)
{
    const tally_about *about;
    void *options;

    expect_fail(tally_family_open(&family, ":x=1", &about, &options), OPTION, "name");
    expect_fail(tally_family_open(&family, "one:x=1", &about, &options), OPTION, "x");
    cr_assert(eq(str, tally_error_sentence(), "number one has no option x"));
    expect_ok(tally_family_open(&family, "one", &about, &options));
    tally_options_close(about, options);
}

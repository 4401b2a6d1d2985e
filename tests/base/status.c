#include "base/status.h"

#include "tally/collective.h"

#include "support/expect.h"

#include <string.h>

static tally_status inner(void)
{
    return TALLY_FAIL(FORMAT, "%s holds %d samples", "x.idx", 0);
}

static tally_status outer(void)
{
    TALLY_TRY(inner());
    return TALLY_OK;
}

Test(status, keeps_the_sentence_and_the_places)
{
    cr_assert(eq(int, (int)outer(), (int)TALLY_FORMAT));
    cr_assert(eq(str, tally_error_sentence(), "x.idx holds 0 samples"));
    const char *first = strstr(tally_error_trace(), "inner");
    const char *second = strstr(tally_error_trace(), "outer");
    cr_assert(first && second && first < second, "%s", tally_error_trace());
}

Test(status, may_quote_the_sentence_before_it)
{
    (void)inner();
    (void)TALLY_FAIL(FILE, "rank 3: %s", tally_error_sentence());
    cr_assert(eq(str, tally_error_sentence(), "rank 3: x.idx holds 0 samples"));
}

Test(status, a_sentence_is_a_line_that_does_nothing_to_a_terminal)
{
    (void)TALLY_FAIL(FORMAT, "%s is no option", "\033[2J a\nb\r\x7f \xc3\xa9");
    cr_assert(eq(str, tally_error_sentence(), "?[2J a?b?? \xc3\xa9 is no option"));
}

Test(status, adopted_failures_are_agreed_until_the_next)
{
    tally_error_adopt(TALLY_FILE, "rank 1: no");
    cr_assert(tally_error_agreed());
    (void)inner();
    cr_assert(not(tally_error_agreed()));
    tally_error_clear();
    cr_assert(eq(str, tally_error_sentence(), ""));
}

Test(status, a_saved_failure_comes_back_whole)
{
    tally_error saved;

    (void)outer();
    tally_error_adopt(TALLY_FORMAT, tally_error_sentence());
    tally_error_save(&saved);
    (void)TALLY_FAIL(FILE, "another");
    tally_error_restore(&saved);
    cr_assert(eq(str, tally_error_sentence(), "x.idx holds 0 samples"));
    cr_assert(tally_error_agreed());
    cr_assert(strstr(tally_error_trace(), "outer") != NULL);
}

Test(status, names_and_meanings_come_from_one_list)
{
    cr_assert(eq(str, tally_status_name(TALLY_STOPPED), "STOPPED"));
    cr_assert(eq(str, tally_status_meaning(TALLY_OK), "all is well"));
    cr_assert(eq(str, tally_status_name((tally_status)99), "?"));
}

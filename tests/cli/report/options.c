#include "cli/report/options.h"

#include "support/expect.h"

Test(report_options, pairs_come_one_by_one)
{
    const char *at = "vote:form=sharded,zero=,tie";
    option_pair pair;

    cr_assert(option_next(&at, &pair));
    cr_assert(eq(str, pair.key, "form"));
    cr_assert(eq(str, pair.value, "sharded"));
    cr_assert(option_next(&at, &pair));
    cr_assert(eq(str, pair.key, "zero"));
    cr_assert(eq(str, pair.value, ""));
    cr_assert(option_next(&at, &pair));
    cr_assert(eq(str, pair.key, "tie"));
    cr_assert(eq(str, pair.value, ""));
    cr_assert(not(option_next(&at, &pair)));
}

Test(report_options, a_member_alone_has_no_pairs)
{
    const char *at = "allreduce", *empty = "";
    option_pair pair;

    cr_assert(not(option_next(&at, &pair)));
    cr_assert(not(option_next(&empty, &pair)));
    cr_assert(option_is("allreduce", "allreduce"));
    cr_assert(option_is("sim:ranks=2", "sim"));
    cr_assert(not(option_is("simulated", "sim")));
    cr_assert(not(option_is("si", "sim")));
}

Test(report_options, a_value_is_that_of_its_whole_key)
{
    char value[OPTION_WORD];

    option_value("sim:alpha_node=5e-07,alpha=5e-05", "alpha", value);
    cr_assert(eq(str, value, "5e-05"));
    option_value("sim:alpha_node=5e-07", "alpha", value);
    cr_assert(eq(str, value, ""));
}

Test(report_options, long_words_are_cut_not_written_over)
{
    char text[400] = "m:", value[OPTION_WORD];

    memset(text + 2, 'k', 150);
    text[152] = '=';
    memset(text + 153, 'v', 200);
    const char *at = text;
    option_pair pair;

    cr_assert(option_next(&at, &pair));
    cr_assert(eq(sz, strlen(pair.key), OPTION_WORD - 1));
    cr_assert(eq(sz, strlen(pair.value), OPTION_WORD - 1));
    option_value(text, pair.key, value);
    cr_assert(eq(str, value, pair.value));
}

Test(report_options, some_keys_may_differ)
{
    static const char *const ranks[] = {"ranks", "node", NULL};

    cr_assert(option_same_but("sim:ranks=2,alpha=1", "sim:ranks=4,alpha=1", ranks));
    cr_assert(option_same_but("sim:alpha=1", "sim:node=3,alpha=1", ranks));
    cr_assert(
        not(option_same_but("sim:ranks=2,alpha=1", "sim:ranks=2,alpha=2", ranks)));
    cr_assert(not(option_same_but("sim:ranks=2", "sim:ranks=2,beta=1", ranks)));
    cr_assert(not(option_same_but("sim:ranks=2,beta=1", "sim:ranks=2", ranks)));
    cr_assert(not(option_same_but("sim:ranks=2", "mpi:ranks=2", ranks)));
}

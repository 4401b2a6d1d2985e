#include "base/text.h"

#include "support/expect.h"

Test(text, distance_counts_slips_of_the_finger)
{
    cr_assert(eq(sz, tally_text_distance("signum", "signum"), 0));
    cr_assert(eq(sz, tally_text_distance("singum", "signum"), 1));
    cr_assert(eq(sz, tally_text_distance("adm", "adam"), 1));
    cr_assert(eq(sz, tally_text_distance("", "adam"), 4));
    cr_assert(eq(sz, tally_text_distance("kitten", "sitting"), 3));
}

Test(text, only_near_names_are_suggested)
{
    const char *best = NULL;

    tally_text_nearer("adm", "momentum", &best);
    cr_assert(best == NULL);
    tally_text_nearer("adm", "adamw", &best);
    tally_text_nearer("adm", "adam", &best);
    cr_assert(eq(str, best, "adam"));
}

Test(text, numbers_are_read_whole)
{
    double x;
    uint64_t n;

    cr_assert(tally_text_real("1e-3", &x));
    cr_assert(ieee_ulp_eq(dbl, x, 1e-3, 0));
    cr_assert(not(tally_text_real("1e-3x", &x)));
    cr_assert(not(tally_text_real(" 1", &x)));
    cr_assert(not(tally_text_real("", &x)));
    cr_assert(tally_text_count("25k", &n));
    cr_assert(eq(u64, n, 25000));
    cr_assert(not(tally_text_count("25K", &n)));
    cr_assert(tally_text_count("18446744073709551615", &n));
    cr_assert(not(tally_text_count("18446744073709551616", &n)));
    cr_assert(not(tally_text_count("18446744073709551615k", &n)));
}

Test(text, append_never_writes_past_the_end)
{
    char text[8] = "";
    size_t used = 0;

    cr_assert(tally_text_append(text, sizeof text, &used, "%d", 12345));
    cr_assert(not(tally_text_append(text, sizeof text, &used, "%d", 678)));
    cr_assert(eq(str, text, "12345"));
    cr_assert(eq(sz, used, 5));
}

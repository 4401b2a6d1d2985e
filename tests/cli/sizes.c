#include "cli/sizes.h"

#include "support/expect.h"

Test(sizes, a_size_has_a_unit_or_none)
{
    cli_sizes s;

    expect_ok(cli_sizes_read("4096,3KiB,2MiB,1GiB,1TiB", &s));
    cr_assert(eq(sz, s.count, 5));
    cr_assert(eq(sz, s.at[0], 4096));
    cr_assert(eq(sz, s.at[1], 3072));
    cr_assert(eq(sz, s.at[2], 2097152));
    cr_assert(eq(sz, s.at[3], 1073741824));
    cr_assert(eq(sz, s.at[4], (size_t)1073741824 * 1024));
}

Test(sizes, a_range_goes_by_four_and_ends_where_it_says)
{
    const size_t want[] = {4096, 16384, 65536, 100 * 1024, 7};
    cli_sizes s;

    expect_ok(cli_sizes_read("4KiB..100KiB,7", &s));
    cr_assert(eq(sz, s.count, 5));
    for (size_t i = 0; i < 5; i++)
        cr_assert(eq(sz, s.at[i], want[i]));
    expect_ok(cli_sizes_read("4KiB..256MiB", &s));
    cr_assert(eq(sz, s.count, 9));
    cr_assert(eq(sz, s.at[8], (size_t)256 << 20));
    expect_ok(cli_sizes_read("5..5", &s));
    cr_assert(eq(sz, s.count, 1));
}

Test(sizes, what_is_no_size_gets_a_sentence)
{
    static const char *const wrong[] = {
        "",     "0",      "KiB",   "4kb",  "-1",      "1..", "..4",
        "4,,5", "1.5MiB", "4 KiB", "2TiB", "1025GiB", "4,",  "99999999999999999999"};
    cli_sizes s;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_fail(cli_sizes_read(wrong[i], &s), OPTION, "is not a number of bytes");
    expect_fail(cli_sizes_read("8..4", &s), OPTION, "8..4 ends below its start");
    expect_fail(cli_sizes_read("1..1GiB,1..1GiB,1..1GiB,1..1GiB,1..1GiB", &s), OPTION,
                "more than 64");
}

Test(sizes, counts_have_limits)
{
    uint64_t n = 7;

    expect_ok(cli_sizes_count("repeats", NULL, 1, 10, &n));
    cr_assert(eq(u64, n, 0));
    expect_ok(cli_sizes_count("repeats", "10", 1, 10, &n));
    cr_assert(eq(u64, n, 10));
    expect_fail(cli_sizes_count("repeats", "0", 1, 10, &n), OPTION,
                "repeats=0 is not a count in [1, 10]");
    expect_fail(cli_sizes_count("repeats", "11", 1, 10, &n), OPTION, "repeats=11");
    expect_fail(cli_sizes_count("repeats", "x", 1, 10, &n), OPTION, "repeats=x");
}

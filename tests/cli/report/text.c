#include "cli/report/text.h"

#include "support/expect.h"

#include <math.h>

static void expect_and_close(report_text *t, const char *expected)
{
    expect_ok(report_text_check(t));
    cr_assert(eq(str, t->at, (char *)expected));
    report_text_close(t);
}

Test(report_text, markup_in_words_is_escaped)
{
    report_text t = {0};

    report_add_escaped(&t, "<script>alert(\"a\" & 'b')</script>");
    expect_and_close(&t, "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)"
                         "&lt;/script&gt;");
}

Test(report_text, what_XML_forbids_is_replaced)
{
    report_text t = {0};

    /* A control character, half a character, a surrogate, too long a form, U+FFFF. */
    report_add_escaped(&t, "a\x01z \xc3 \xed\xa0\x80 \xc0\x80 \xef\xbf\xbf \xc3\xa9");
    expect_and_close(&t, "a\xef\xbf\xbdz \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf"
                         "\xbd \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef"
                         "\xbf\xbd \xc3\xa9");
}

Test(report_text, cells_of_markdown_keep_their_borders)
{
    report_text t = {0};

    report_add_markdown(&t, "a|b\n`c` <d> [e](f) log_every's \"g\"");
    expect_and_close(&t, "a&#124;b&#10;&#96;c&#96; &lt;d&gt; &#91;e&#93;(f) "
                         "log&#95;every's \"g\"");
}

Test(report_text, exact_numbers_are_read_back_as_they_were)
{
    static const double numbers[] = {0.1,
                                     0.93999999999999995,
                                     1e300,
                                     1.0 / 3,
                                     0.12067661628427591,
                                     5e-324,
                                     72255840,
                                     -0.0,
                                     0.30000000000000004};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        report_text t = {0};

        report_add_exact(&t, numbers[i]);
        cr_assert(ieee_ulp_eq(dbl, strtod(t.at, NULL), numbers[i], 0), "%s", t.at);
        report_text_close(&t);
    }
    report_text t = {0};

    report_add_exact(&t, 0.93999999999999995);
    report_add(&t, " ");
    report_add_exact(&t, NAN);
    report_add(&t, " ");
    report_add_exact(&t, -INFINITY);
    expect_and_close(&t, "0.94 nan -inf");
}

Test(report_text, numbers_for_people_have_four_digits_or_groups_of_three)
{
    static const double numbers[] = {0,        7,        999,        1000,
                                     72255840, -1234567, 0.12067,    3612865.599,
                                     999.94,   1234.56,  9999.54321, NAN};
    report_text t = {0};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        report_add_number(&t, numbers[i]);
        report_add(&t, " ");
    }
    expect_and_close(&t, "0 7 999 1,000 72,255,840 -1,234,567 0.1207 3,612,866 999.9 "
                         "1,235 10,000 not a number ");
}

Test(report_text, text_grows)
{
    report_text t = {0};

    for (int i = 0; i < 5000; i++)
        report_add(&t, "%04d,", i);
    cr_assert(eq(sz, t.used, 25000));
    cr_assert(eq(sz, strlen(t.at), 25000));
    cr_assert(eq(int, strncmp(t.at + 5 * 4321, "4321,", 5), 0));
    report_text_close(&t);
}

#include "cli/report/sheet.h"

#include "support/expect.h"

static const char hostile[] = "</title><script>alert(1)</script>\"'&|`";

/* Every way for words to come onto a page. */
static void write_everything(report_sheet *s)
{
    const char *heads[] = {hostile, hostile}, *names[] = {hostile};
    const size_t colours[] = {0};
    const sheet_link links[] = {
        {"id", hostile},
        {NULL, NULL   }
    };

    sheet_begin(s, hostile);
    sheet_contents(s, links);
    sheet_section(s, "id", hostile);
    sheet_part(s, hostile);
    sheet_say(s, "%s", hostile);
    sheet_code_begin(s);
    sheet_code_word(s, hostile);
    sheet_code_end(s);
    sheet_facts_begin(s);
    sheet_fact(s, hostile, hostile);
    sheet_facts_end(s);
    sheet_legend(s, 1, colours, names);
    sheet_pictures_begin(s);
    sheet_picture(s, "<svg/>", hostile, hostile);
    sheet_pictures_end(s);
    sheet_tables_begin(s);
    sheet_table_begin(s, true, hostile, 2, heads);
    sheet_words(s, hostile);
    sheet_number(s, 0.93999999999999995);
    sheet_words(s, hostile);
    sheet_percent(s, 0.93999999999999995);
    sheet_table_end(s);
    sheet_tables_end(s);
    sheet_end(s, hostile);
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (; (text = strstr(text, word)); text++)
        n++;
    return n;
}

Test(report_sheet, no_words_become_markup)
{
    report_sheet s = {.style = REPORT_HTML};

    write_everything(&s);
    expect_ok(report_text_check(&s.text));
    cr_assert(eq(sz, count(s.text.at, "<script"), 0));
    cr_assert(eq(sz, count(s.text.at, "</title>"), 1));
    cr_assert(eq(sz, count(s.text.at, "&lt;script&gt;alert(1)&lt;/script&gt;"), 19));
    report_text_close(&s.text);
}

Test(report_sheet, a_table_has_a_caption_and_heads_that_say_what_they_head)
{
    report_sheet s = {.style = REPORT_HTML};
    const char *heads[] = {"run", "#seconds"};

    sheet_table_begin(&s, false, "Times", 2, heads);
    sheet_words(&s, "a,b");
    sheet_number(&s, 0.12067661628427591);
    sheet_table_end(&s);
    cr_assert(eq(
        str, s.text.at,
        "<div class=\"table\" role=\"region\" tabindex=\"0\" "
        "aria-labelledby=\"table1\">\n<table>\n<caption id=\"table1\">Times</caption>\n"
        "<thead>\n<tr><th scope=\"col\">run</th><th scope=\"col\" class=\"number\">"
        "seconds</th></tr>\n</thead>\n<tbody>\n<tr><th scope=\"row\">a,<wbr/>b</th>"
        "<td class=\"number\"><data value=\"0.12067661628427591\">0.1207</data></td>"
        "</tr>\n</tbody>\n</table>\n</div>\n"));
    report_text_close(&s.text);
}

Test(report_sheet, a_share_is_shown_in_percent_and_stands_there_as_it_is)
{
    report_sheet s = {.style = REPORT_HTML, .at = 1, .last = 2};

    sheet_percent(&s, 0.98406);
    cr_assert(eq(str, s.text.at,
                 "<td class=\"number\"><data value=\"0.98406\">98.41 %</data></td>"));
    report_text_close(&s.text);
}

Test(report_sheet, a_line_of_code_is_one_line)
{
    report_sheet html = {.style = REPORT_HTML}, markdown = {.style = REPORT_MARKDOWN};

    for (int i = 0; i < 2; i++) {
        report_sheet *s = i ? &markdown : &html;

        sheet_code_begin(s);
        sheet_code_word(s, "tally train");
        sheet_code_word(s, "--data 'a\nb'");
        sheet_code_end(s);
    }
    cr_assert(eq(str, html.text.at,
                 "<pre tabindex=\"0\"><code><span>tally train</span> "
                 "<span>--data &#39;a\nb&#39;</span></code></pre>\n"));
    cr_assert(eq(str, markdown.text.at, "    tally train --data 'a b'\n\n"));
    report_text_close(&html.text);
    report_text_close(&markdown.text);
}

Test(report_sheet, the_first_table_of_a_lone_picture_is_open)
{
    const char *heads[] = {"run"};

    for (size_t pictures = 0; pictures < 3; pictures++) {
        report_sheet s = {.style = REPORT_HTML};

        sheet_pictures_begin(&s);
        for (size_t i = 0; i < pictures; i++)
            sheet_picture(&s, "<svg/>", "Loss", "");
        sheet_pictures_end(&s);
        for (size_t row = 0; row < 2; row++) {
            sheet_tables_begin(&s);
            for (size_t i = 0; i < 2; i++) {
                sheet_table_begin(&s, true, "Times", 1, heads);
                sheet_table_end(&s);
            }
            sheet_tables_end(&s);
        }
        cr_assert(eq(sz, count(s.text.at, "<details open"), pictures == 1));
        cr_assert(eq(sz, count(s.text.at, "<details"), 4));
        report_text_close(&s.text);
    }
}

Test(report_sheet, markdown_is_a_table_of_as_many_cells)
{
    report_sheet s = {.style = REPORT_MARKDOWN};
    const char *heads[] = {"run", "#seconds"};

    sheet_table_begin(&s, true, "Times", 2, heads);
    sheet_words(&s, "a|b");
    sheet_no_cell(&s);
    sheet_words(&s, "<i>");
    sheet_number(&s, 2);
    sheet_table_end(&s);
    cr_assert(
        eq(str, s.text.at,
           "Times\n\n| run | seconds |\n| --- | ---: |\n| a&#124;b |  |\n| &lt;i&gt; "
           "| 2 |\n\n"));
    report_text_close(&s.text);
}

/* sheet.c — a page written from top to bottom: as HTML, or as Markdown.
 *
 * A number stands in HTML as <data value="0.12067661628427591">0.1207</data>: short for
 * people, exact for programs. */

#include "cli/report/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_html(const report_sheet *s)
{
    return s->style == REPORT_HTML;
}

static void add_words(report_sheet *s, const char *words)
{
    if (is_html(s))
        report_add_escaped(&s->text, words);
    else
        report_add_markdown(&s->text, words);
}

/* <tag>words</tag>, or the same after `mark`. */
static void add_line(report_sheet *s, const char *open, const char *close,
                     const char *mark, const char *words)
{
    report_add(&s->text, "%s", is_html(s) ? open : mark);
    add_words(s, words);
    report_add(&s->text, "%s\n", is_html(s) ? close : "\n");
}

void sheet_begin(report_sheet *s, const char *title)
{
    if (is_html(s)) {
        report_add(&s->text,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                   "charset=\"utf-8\"/>\n<meta name=\"viewport\" "
                   "content=\"width=device-width, initial-scale=1\"/>\n"
                   "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
        report_add_escaped(&s->text, title);
        report_add(&s->text, "</title>\n<style>\n");
        for (const char *const *piece = report_css; *piece; piece++)
            report_add(&s->text, "%s", *piece);
        report_add(&s->text, "</style>\n</head>\n<body>\n<main>\n");
    }
    add_line(s, "<h1>", "</h1>", "# ", title);
}

void sheet_end(report_sheet *s, const char *words)
{
    if (is_html(s)) report_add(&s->text, "</section>\n<footer>\n");
    add_line(s, "<p>", "</p>", "", words);
    if (is_html(s)) report_add(&s->text, "</footer>\n</main>\n</body>\n</html>\n");
}

void sheet_contents(report_sheet *s, const sheet_link *links)
{
    if (!is_html(s)) return;
    report_add(&s->text, "<nav aria-label=\"Contents\">\n<ul>\n");
    for (; links->id; links++) {
        report_add(&s->text, "<li><a href=\"#%s\">", links->id);
        report_add_escaped(&s->text, links->title);
        report_add(&s->text, "</a></li>\n");
    }
    report_add(&s->text, "</ul>\n</nav>\n<section>\n");
}

void sheet_section(report_sheet *s, const char *id, const char *title)
{
    if (is_html(s))
        report_add(&s->text,
                   "</section>\n<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", id,
                   id);
    add_line(s, "", "</h2>", "## ", title);
}

void sheet_part(report_sheet *s, const char *title)
{
    add_line(s, "<h3>", "</h3>", "### ", title);
}

void sheet_say(report_sheet *s, const char *format, ...)
{
    char words[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    add_line(s, "<p>", "</p>", "", words);
}

void sheet_code_begin(report_sheet *s)
{
    s->begun = false;
    report_add(&s->text, "%s", is_html(s) ? "<pre tabindex=\"0\"><code>" : "    ");
}

/* Markdown's block of code takes every character as it is, but for the end of a line.
 */
void sheet_code_word(report_sheet *s, const char *word)
{
    if (s->begun) report_add(&s->text, " ");
    s->begun = true;
    if (is_html(s)) {
        report_add(&s->text, "<span>");
        report_add_escaped(&s->text, word);
        report_add(&s->text, "</span>");
        return;
    }
    for (; *word; word++)
        report_add(&s->text, "%c", *word == '\n' || *word == '\r' ? ' ' : *word);
}

void sheet_code_end(report_sheet *s)
{
    report_add(&s->text, "%s", is_html(s) ? "</code></pre>\n" : "\n\n");
}

/* ---- facts ---- */

void sheet_facts_begin(report_sheet *s)
{
    if (is_html(s)) report_add(&s->text, "<dl class=\"facts\">\n");
}

void sheet_fact(report_sheet *s, const char *name, const char *value)
{
    if (!is_html(s)) return;
    report_add(&s->text, "<div><dt>");
    report_add_escaped(&s->text, name);
    report_add(&s->text, "</dt><dd>");
    report_add_escaped(&s->text, value);
    report_add(&s->text, "</dd></div>\n");
}

void sheet_facts_end(report_sheet *s)
{
    if (is_html(s)) report_add(&s->text, "</dl>\n");
}

/* ---- pictures ---- */

void sheet_pictures_begin(report_sheet *s)
{
    s->pictures = 0;
    if (is_html(s)) report_add(&s->text, "<div class=\"pictures\">\n");
}

void sheet_picture(report_sheet *s, const char *svg, const char *caption,
                   const char *note)
{
    s->pictures++;
    if (!is_html(s)) return;
    report_add(&s->text, "<figure>\n<figcaption>");
    report_add_escaped(&s->text, caption);
    report_add(&s->text, "</figcaption>\n%s", svg);
    if (*note) add_line(s, "<p>", "</p>", "", note);
    report_add(&s->text, "</figure>\n");
}

void sheet_pictures_end(report_sheet *s)
{
    if (is_html(s)) report_add(&s->text, "</div>\n");
}

void sheet_legend(report_sheet *s, size_t count, const size_t *colours,
                  const char *const *names)
{
    if (!is_html(s)) return;
    report_add(&s->text, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < count; i++) {
        report_add(&s->text, "<li><span class=\"chip c%zu\"></span>", colours[i]);
        report_add_escaped(&s->text, names[i]);
        report_add(&s->text, "</li>\n");
    }
    report_add(&s->text, "</ul>\n");
}

/* ---- tables ---- */

void sheet_tables_begin(report_sheet *s)
{
    s->unfolds = s->pictures == 1;
    s->pictures = 0;
    if (is_html(s))
        report_add(&s->text, "<div class=\"tables%s\">\n", s->unfolds ? " beside" : "");
}

void sheet_tables_end(report_sheet *s)
{
    if (is_html(s)) report_add(&s->text, "</div>\n");
}

static void begin_html_table(report_sheet *s, bool folded, const char *caption)
{
    report_text *t = &s->text;

    if (folded) {
        report_add(t, "<details%s>\n<summary>", s->unfolds ? " open=\"open\"" : "");
        s->unfolds = false;
        report_add_escaped(t, caption);
        report_add(t, "</summary>\n");
    }
    /* What scrolls must be reached by the keyboard, and say what it is. */
    report_add(t,
               "<div class=\"table\" role=\"region\" tabindex=\"0\" "
               "aria-labelledby=\"table%d\">\n<table>\n<caption id=\"table%d\">",
               s->tables, s->tables);
    report_add_escaped(t, caption);
    report_add(t, "</caption>\n<thead>\n<tr>");
}

void sheet_table_begin(report_sheet *s, bool folded, const char *caption, size_t count,
                       const char *const *heads)
{
    s->tables++;
    s->folded = folded;
    s->at = 0;
    s->last = count - 1;
    if (is_html(s))
        begin_html_table(s, folded, caption);
    else
        add_line(s, "", "", "", caption);
    for (size_t i = 0; i < count; i++) {
        bool number = heads[i][0] == '#';

        report_add(&s->text, "%s%s", is_html(s) ? "<th scope=\"col\"" : "| ",
                   !is_html(s) ? ""
                   : number    ? " class=\"number\">"
                               : ">");
        add_words(s, heads[i] + number);
        report_add(&s->text, "%s", is_html(s) ? "</th>" : " ");
    }
    report_add(&s->text, "%s\n", is_html(s) ? "</tr>\n</thead>\n<tbody>" : "|");
    for (size_t i = 0; !is_html(s) && i < count; i++)
        report_add(&s->text, "| ---%s %s", heads[i][0] == '#' ? ":" : "",
                   i == count - 1 ? "|\n" : "");
}

static void open_cell(report_sheet *s, const char *class)
{
    if (!is_html(s)) {
        report_add(&s->text, "| ");
        return;
    }
    if (s->at == 0) report_add(&s->text, "<tr>");
    report_add(&s->text, "<%s%s>", s->at == 0 ? "th scope=\"row\"" : "td", class);
}

static void close_cell(report_sheet *s)
{
    bool last = s->at == s->last;

    if (is_html(s))
        report_add(&s->text, "</%s>%s", s->at == 0 ? "th" : "td",
                   last ? "</tr>\n" : "");
    else
        report_add(&s->text, " %s", last ? "|\n" : "");
    s->at = last ? 0 : s->at + 1;
}

/* A member's options may go on in the next line: after a comma. */
static void add_breakable(report_sheet *s, const char *words)
{
    char piece[256];

    while (*words) {
        size_t n = strcspn(words, ",");

        n += words[n] == ',';
        if (n >= sizeof piece) break;
        snprintf(piece, sizeof piece, "%.*s", (int)n, words);
        add_words(s, piece);
        if (is_html(s) && words[n]) report_add(&s->text, "<wbr/>");
        words += n;
    }
    add_words(s, words);
}

void sheet_words(report_sheet *s, const char *words)
{
    open_cell(s, "");
    add_breakable(s, words);
    close_cell(s);
}

static void open_number(report_sheet *s, double x)
{
    open_cell(s, " class=\"number\"");
    if (!is_html(s)) return;
    report_add(&s->text, "<data value=\"");
    report_add_exact(&s->text, x);
    report_add(&s->text, "\">");
}

static void close_number(report_sheet *s)
{
    if (is_html(s)) report_add(&s->text, "</data>");
    close_cell(s);
}

void sheet_number(report_sheet *s, double x)
{
    open_number(s, x);
    report_add_number(&s->text, x);
    close_number(s);
}

void sheet_percent(report_sheet *s, double share)
{
    open_number(s, share);
    if (isfinite(share))
        report_add(&s->text, "%.2f %%", 100 * share);
    else
        report_add_number(&s->text, share);
    close_number(s);
}

void sheet_no_cell(report_sheet *s)
{
    open_cell(s, "");
    close_cell(s);
}

void sheet_table_end(report_sheet *s)
{
    report_add(&s->text, "%s%s\n", is_html(s) ? "</tbody>\n</table>\n</div>" : "",
               is_html(s) && s->folded ? "\n</details>" : "");
}

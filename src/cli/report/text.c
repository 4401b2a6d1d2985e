/* text.c — text that grows, and numbers and words in it. */

#include "cli/report/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n bytes more and a NUL. */
static bool make_room(report_text *t, size_t n)
{
    size_t room = t->room ? t->room : 4096;

    if (t->lost) return false;
    while (room - t->used <= n)
        room *= 2;
    if (room == t->room) return true;
    char *at = realloc(t->at, room);
    if (!at) {
        t->lost = true;
        return false;
    }
    t->at = at;
    t->room = room;
    return true;
}

void report_add_bytes(report_text *t, const char *bytes, size_t n)
{
    if (!make_room(t, n)) return;
    memcpy(t->at + t->used, bytes, n);
    t->used += n;
    t->at[t->used] = '\0';
}

void report_add(report_text *t, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n >= 0 && make_room(t, (size_t)n)) {
        vsnprintf(t->at + t->used, (size_t)n + 1, format, again);
        t->used += (size_t)n;
    }
    va_end(again);
}

/* Bytes of a character of UTF-8 that XML allows; 0: there is none. */
static size_t character(const unsigned char *s)
{
    size_t n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;

    if (*s > 0xf4 || (*s < 0x20 && *s != '\t' && *s != '\n') || *s == 0x7f) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (*s == 0xe0 && s[1] < 0xa0) return 0; /* too long a form */
    if (*s == 0xf0 && s[1] < 0x90) return 0;
    if (*s == 0xed && s[1] >= 0xa0) return 0;                 /* a surrogate */
    if (*s == 0xf4 && s[1] >= 0x90) return 0;                 /* beyond U+10FFFF */
    if (*s == 0xef && s[1] == 0xbf && s[2] >= 0xbe) return 0; /* U+FFFE, U+FFFF */
    return n;
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* `guarded`: characters that get a number of their own; `plain`: those that need no
 * name here. */
static void add_guarded(report_text *t, const char *words, const char *guarded,
                        const char *plain)
{
    while (*words) {
        size_t n = character((const unsigned char *)words);
        const char *name = strchr(plain, *words) ? NULL : entity(*words);

        if (n == 0)
            report_add(t, "\xef\xbf\xbd"); /* U+FFFD */
        else if (name)
            report_add(t, "%s", name);
        else if (n == 1 && strchr(guarded, *words))
            report_add(t, "&#%d;", *words);
        else
            report_add_bytes(t, words, n);
        words += n ? n : 1;
    }
}

void report_add_escaped(report_text *t, const char *words)
{
    add_guarded(t, words, "", "");
}

void report_add_markdown(report_text *t, const char *words)
{
    add_guarded(t, words, "|`*_[]\\\n", "'\"");
}

void report_add_exact(report_text *t, double x)
{
    char digits[40];

    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, x);
        if (!isfinite(x) || strtod(digits, NULL) == x) break;
    }
    report_add(t, "%s", digits);
}

/* 72255840 -> "72,255,840". */
static void add_grouped(report_text *t, const char *digits)
{
    size_t n = strlen(digits);

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-') report_add(t, ",");
        report_add(t, "%c", digits[i]);
    }
}

void report_add_number(report_text *t, double x)
{
    char digits[40];

    if (isnan(x)) {
        report_add(t, "not a number");
    } else if (fabs(x) < 1e15 && (fabs(x) >= 999.95 || floor(x) >= x)) {
        snprintf(digits, sizeof digits, "%.0f", x);
        add_grouped(t, digits);
    } else {
        report_add(t, "%.4g", x);
    }
}

tally_status report_text_check(const report_text *t)
{
    return t->lost ? TALLY_FAIL(MEMORY, "no memory for the report") : TALLY_OK;
}

void report_text_close(report_text *t)
{
    free(t->at);
    *t = (report_text){0};
}

/* text.c — small helpers for names and numbers written by people. */

#include "base/text.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: one row per letter of a, two rows kept besides the present.
 */
size_t tally_text_distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST_NAME + 1], n = strlen(a), m = strlen(b);

    if (n > LONGEST_NAME || m > LONGEST_NAME) return n > m ? n : m;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3],
               *older = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(before[j] + 1, now[j - 1] + 1),
                           before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], older[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

void tally_text_nearer(const char *word, const char *candidate, const char **best)
{
    size_t distance = tally_text_distance(word, candidate);
    size_t allowed = strlen(word) / 3 + 1;

    if (distance > allowed) return;
    if (!*best || distance < tally_text_distance(word, *best)) *best = candidate;
}

const char *tally_text_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

bool tally_text_real(const char *text, double *value)
{
    static locale_t c_locale;
    char *end;

    if (!c_locale) c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!*text || isspace((unsigned char)*text)) return false;
    locale_t before = uselocale(c_locale);
    *value = strtod(text, &end);
    uselocale(before);
    return *end == '\0' && end != text && !isnan(*value);
}

bool tally_text_count(const char *text, uint64_t *value)
{
    static const char units[] = "kMG";
    uint64_t factor = 1, n = 0;
    const char *p = text;

    if (!isdigit((unsigned char)*p)) return false;
    for (; isdigit((unsigned char)*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');

        if (n > (UINT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    if (*p) {
        const char *unit = strchr(units, *p);

        if (!unit || p[1]) return false;
        for (const char *u = units; u <= unit; u++)
            factor *= 1000;
    }
    if (n > UINT64_MAX / factor) return false;
    *value = n * factor;
    return true;
}

bool tally_text_append(char *text, size_t most, size_t *used, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(text + *used, most - *used, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= most - *used) {
        text[*used] = '\0';
        return false;
    }
    *used += (size_t)n;
    return true;
}

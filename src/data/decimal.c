/* decimal.c — numbers, and what is wrong at some place of a text file.
 *
 *     [+-] digits [. digits] [e [+-] digits]     a digit before or after the point
 *
 * Stricter than strtod, which also reads hexadecimal, "nan", "inf" and leading blanks,
 * and obeys the locale.  What tally_real cannot hold is out of range; what is too small
 * for it becomes 0. */

#include "data/decimal.h"

#include "tally/layout.h"

#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

tally_status tally_refuse(tally_place place, const char *format, ...)
{
    char what[768];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return TALLY_FAIL(FORMAT, "%s: line %zu, %s %zu: %s", place.file, place.line,
                      place.unit, place.at, what);
}

/* Past the digits at *text, which it counts. */
static size_t take_digits(const char **text)
{
    size_t count = strspn(*text, "0123456789");

    *text += count;
    return count;
}

static void take_sign(const char **text)
{
    *text += **text == '+' || **text == '-';
}

static bool is_decimal(const char *text)
{
    take_sign(&text);
    size_t digits = take_digits(&text);

    if (*text == '.') {
        text++;
        digits += take_digits(&text);
    }
    if (digits == 0) return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        take_sign(&text);
        if (take_digits(&text) == 0) return false;
    }
    return *text == '\0';
}

const char *tally_decimal(const char *text, double *value)
{
    const double most = sizeof(tally_real) == sizeof(float) ? (double)FLT_MAX : DBL_MAX;

    if (!is_decimal(text)) return "is no decimal number";
    if (!tally_text_real(text, value) || fabs(*value) > most) return "is out of range";
    return NULL;
}

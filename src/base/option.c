/* option.c — option tables: defaults, checks, parsing, printing.
 *
 * The one place that knows how a value of each kind is written, read and bounded.  An
 * error sentence reads "rule adam: beta2=1.5 is not in [0, 1)". */

#include "tally/option.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field(const tally_option *o, void *options)
{
    return (char *)options + o->offset;
}

/* Whether x lies in an interval written as in mathematics: "[0, 1)", "(0, inf)". */
static bool contains(const char *range, double x)
{
    double least, most;
    char close;

    if (!range) return true;
    if (sscanf(range + 1, "%lf , %lf %c", &least, &most, &close) != 3) return false;
    if (range[0] == '[' ? x < least : x <= least) return false;
    return close == ']' ? x <= most : x < most;
}

static tally_status set_real(const char *who, const tally_option *o, double *to,
                             const char *value)
{
    double x;

    if (!tally_text_real(value, &x))
        return TALLY_FAIL(OPTION, "%s: %s=%s is not a number", who, o->name, value);
    if (!contains(o->range, x))
        return TALLY_FAIL(OPTION, "%s: %s=%s is not in %s", who, o->name, value,
                          o->range);
    *to = x;
    return TALLY_OK;
}

static tally_status set_count(const char *who, const tally_option *o, uint64_t *to,
                              const char *value)
{
    uint64_t n;

    if (!tally_text_count(value, &n))
        return TALLY_FAIL(OPTION,
                          "%s: %s=%s is not a whole number below 2^64, such as 1000 "
                          "or 4k",
                          who, o->name, value);
    if (!contains(o->range, (double)n))
        return TALLY_FAIL(OPTION, "%s: %s=%s is not in %s", who, o->name, value,
                          o->range);
    *to = n;
    return TALLY_OK;
}

static tally_status set_flag(const char *who, const tally_option *o, bool *to,
                             const char *value)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return TALLY_FAIL(OPTION, "%s: %s=%s is neither true nor false", who, o->name,
                          value);
    *to = value[0] == 't';
    return TALLY_OK;
}

const char *tally_option_word(const char *choices, int index, size_t *length)
{
    const char *word = choices;

    for (; index > 0 && word; index--) {
        word = strchr(word, '|');
        if (word) word++;
    }
    *length = word ? strcspn(word, "|") : 0;
    return word;
}

static tally_status set_choice(const char *who, const tally_option *o, int *to,
                               const char *value)
{
    size_t length;
    const char *word;

    for (int i = 0; (word = tally_option_word(o->range, i, &length)); i++) {
        if (strlen(value) == length && strncmp(value, word, length) == 0) {
            *to = i;
            return TALLY_OK;
        }
    }
    return TALLY_FAIL(OPTION, "%s: %s=%s is not one of %s", who, o->name, value,
                      o->range);
}

static tally_status set_text(const char *who, const tally_option *o, char **to,
                             const char *value)
{
    if (!*value)
        return TALLY_FAIL(OPTION, "%s: %s is empty: give it a value, or leave it out",
                          who, o->name);
    char *copy = strdup(value);
    if (!copy) return TALLY_FAIL(MEMORY, "%s: no memory for %s", who, o->name);
    free(*to);
    *to = copy;
    return TALLY_OK;
}

static tally_status set_sizes(const char *who, const tally_option *o, tally_sizes *to,
                              const char *value)
{
    tally_sizes sizes = {0};
    char copy[512], *rest = copy;

    if (strlen(value) >= sizeof copy)
        return TALLY_FAIL(OPTION, "%s: %s is longer than %zu characters", who, o->name,
                          sizeof copy - 1);
    memcpy(copy, value, strlen(value) + 1);
    if (strcmp(value, "none") == 0) copy[0] = '\0';
    while (rest && *rest) {
        char *x = strchr(rest, 'x');

        if (x) *x = '\0';
        if (sizes.count == TALLY_SIZES_MOST)
            return TALLY_FAIL(OPTION, "%s: %s=%s has more than %d entries", who,
                              o->name, value, TALLY_SIZES_MOST);
        uint64_t *n = &sizes.at[sizes.count++];
        if (!tally_text_count(rest, n) || !contains(o->range, (double)*n) ||
            (x && !x[1]))
            return TALLY_FAIL(
                OPTION, "%s: %s=%s is not a list of sizes such as 512x512, each in %s",
                who, o->name, value, o->range ? o->range : "[0, inf)");
        rest = x ? x + 1 : NULL;
    }
    *to = sizes;
    return TALLY_OK;
}

/* A text or a real without a default has none until somebody sets it. */
static bool is_unset(const tally_option *o, const void *options)
{
    const void *p = (const char *)options + o->offset;

    if (o->kind == TALLY_TEXT) return !*(char *const *)p;
    return o->kind == TALLY_REAL && isnan(*(const double *)p);
}

static tally_status set(const char *who, const tally_option *o, void *options,
                        const char *value)
{
    switch (o->kind) {
    case TALLY_REAL:
        return set_real(who, o, field(o, options), value);
    case TALLY_COUNT:
        return set_count(who, o, field(o, options), value);
    case TALLY_FLAG:
        return set_flag(who, o, field(o, options), value);
    case TALLY_CHOICE:
        return set_choice(who, o, field(o, options), value);
    case TALLY_TEXT:
        return set_text(who, o, field(o, options), value);
    case TALLY_SIZES:
        return set_sizes(who, o, field(o, options), value);
    }
    return TALLY_OK;
}

tally_status tally_options_set(const char *who, const tally_about *about, void *options,
                               const char *name, const char *value)
{
    const char *nearest = NULL;

    for (const tally_option *o = about->options; o && o->name; o++) {
        if (strcmp(o->name, name) == 0) return set(who, o, options, value);
        tally_text_nearer(name, o->name, &nearest);
    }
    if (nearest)
        return TALLY_FAIL(OPTION, "%s has no option %s; did you mean %s?", who, name,
                          nearest);
    return TALLY_FAIL(OPTION, "%s has no option %s", who, name);
}

/* "beta=0.9,eps=1e-8": each pair in turn. */
static tally_status set_pairs(const char *who, const tally_about *about, void *options,
                              char *pairs)
{
    for (char *pair = pairs, *next; pair; pair = next) {
        next = strchr(pair, ',');
        if (next) *next++ = '\0';
        char *value = strchr(pair, '=');
        if (!value || value == pair)
            return TALLY_FAIL(OPTION, "%s: \"%s\" is not key=value", who, pair);
        *value++ = '\0';
        TALLY_TRY(tally_options_set(who, about, options, pair, value));
    }
    return TALLY_OK;
}

tally_status tally_options_open(const char *who, const tally_about *about,
                                const char *pairs, void **options)
{
    tally_status status = TALLY_OK;
    void *fresh = calloc(1, about->options_size ? about->options_size : 1);
    char *copy = strdup(pairs ? pairs : "");

    if (!fresh || !copy) status = TALLY_FAIL(MEMORY, "%s: no memory for options", who);
    for (const tally_option *o = about->options; !status && o && o->name; o++)
        if (o->initial)
            status = set(who, o, fresh, o->initial);
        else if (o->kind == TALLY_REAL)
            *(double *)field(o, fresh) = (double)NAN;
    if (!status && *copy) status = set_pairs(who, about, fresh, copy);
    free(copy);
    if (status && fresh) tally_options_close(about, fresh);
    if (!status) *options = fresh;
    return status;
}

void tally_options_close(const tally_about *about, void *options)
{
    if (!options) return;
    for (const tally_option *o = about->options; o && o->name; o++) {
        if (o->kind != TALLY_TEXT) continue;
        char **text = field(o, options);

        free(*text);
        *text = NULL;
    }
    free(options);
}

/* The shortest decimal form that reads back as the same double. */
static bool print_real(double x, char *text, size_t most, size_t *used)
{
    char digits[40];

    for (int precision = 6; precision <= 17; precision++) {
        double back;

        snprintf(digits, sizeof digits, "%.*g", precision, x);
        if (tally_text_real(digits, &back) && !(back < x) && !(back > x)) break;
    }
    return tally_text_append(text, most, used, "%s", digits);
}

static bool print_sizes(const tally_sizes *sizes, char *text, size_t most, size_t *used)
{
    bool fits = sizes->count || tally_text_append(text, most, used, "none");

    for (size_t i = 0; i < sizes->count && fits; i++)
        fits = tally_text_append(text, most, used, "%s%llu", i ? "x" : "",
                                 (unsigned long long)sizes->at[i]);
    return fits;
}

static bool print(const tally_option *o, const void *options, char *text, size_t most,
                  size_t *used)
{
    const void *p = (const char *)options + o->offset;
    size_t length;

    switch (o->kind) {
    case TALLY_REAL:
        return print_real(*(const double *)p, text, most, used);
    case TALLY_COUNT:
        return tally_text_append(text, most, used, "%llu",
                                 (unsigned long long)*(const uint64_t *)p);
    case TALLY_FLAG:
        return tally_text_append(text, most, used, "%s",
                                 *(const bool *)p ? "true" : "false");
    case TALLY_CHOICE: {
        const char *word = tally_option_word(o->range, *(const int *)p, &length);
        return tally_text_append(text, most, used, "%.*s", (int)length, word);
    }
    case TALLY_TEXT:
        return tally_text_append(text, most, used, "%s", *(char *const *)p);
    case TALLY_SIZES:
        return print_sizes(p, text, most, used);
    }
    return false;
}

tally_status tally_option_print(const tally_option *option, const void *options,
                                char *text, size_t most)
{
    size_t used = 0;

    text[0] = '\0';
    if (is_unset(option, options)) return TALLY_OK;
    if (!print(option, options, text, most, &used))
        return TALLY_FAIL(MEMORY, "option %s does not fit in %zu bytes", option->name,
                          most);
    return TALLY_OK;
}

tally_status tally_options_print(const tally_about *about, const void *options,
                                 char *text, size_t most)
{
    size_t used = 0;
    bool fits = true;

    text[0] = '\0';
    for (const tally_option *o = about->options; fits && o && o->name; o++) {
        if (is_unset(o, options)) continue;
        fits =
            tally_text_append(text, most, &used, "%s%s=", used ? "," : "", o->name) &&
            print(o, options, text, most, &used);
    }
    if (!fits)
        return TALLY_FAIL(MEMORY, "options of %s do not fit in %zu bytes", about->name,
                          most);
    return TALLY_OK;
}

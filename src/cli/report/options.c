/* options.c — the texts of a manifest's options: "member:key=value,key=value". */

#include "cli/report/options.h"

#include <stdio.h>
#include <string.h>

bool option_next(const char **at, option_pair *pair)
{
    const char *text = *at + strcspn(*at, ":,");

    if (!*text) return false;
    size_t n = strcspn(++text, ","), key = strcspn(text, "=,");

    snprintf(pair->key, sizeof pair->key, "%.*s", (int)key, text);
    snprintf(pair->value, sizeof pair->value, "%.*s", key < n ? (int)(n - key - 1) : 0,
             text + key + (key < n));
    *at = text + n;
    return true;
}

bool option_is(const char *text, const char *member)
{
    size_t n = strcspn(text, ":");

    return strlen(member) == n && strncmp(text, member, n) == 0;
}

bool option_same_member(const char *a, const char *b)
{
    size_t n = strcspn(a, ":");

    return strcspn(b, ":") == n && strncmp(a, b, n) == 0;
}

void option_value(const char *text, const char *key, char value[OPTION_WORD])
{
    option_pair pair;

    while (option_next(&text, &pair))
        if (strcmp(pair.key, key) == 0) {
            memcpy(value, pair.value, OPTION_WORD);
            return;
        }
    value[0] = '\0';
}

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (strcmp(key, *keys) == 0) return true;
    return false;
}

/* Whether each pair of a, but for those keys, is one of b. */
static bool holds(const char *b, const char *a, const char *const *but)
{
    option_pair pair;
    char value[OPTION_WORD];

    while (option_next(&a, &pair)) {
        option_value(b, pair.key, value);
        if (!is_one_of(pair.key, but) && strcmp(pair.value, value) != 0) return false;
    }
    return true;
}

bool option_same_but(const char *a, const char *b, const char *const *but)
{
    return option_same_member(a, b) && holds(b, a, but) && holds(a, b, but);
}

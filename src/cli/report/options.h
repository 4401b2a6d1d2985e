/* options.h — the texts of a manifest's options: "member:key=value,key=value". */

#ifndef TALLY_CLI_REPORT_OPTIONS_H
#define TALLY_CLI_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    OPTION_WORD = 96
}; /* bytes of a key or value that are looked at, with the NUL */

typedef struct option_pair {
    char key[OPTION_WORD], value[OPTION_WORD];
} option_pair;

/* Steps through the pairs: *at is the text at first, then whatever is left. */
bool option_next(const char **at, option_pair *pair);

/* Whether the text names this member. */
bool option_is(const char *text, const char *member);
bool option_same_member(const char *a, const char *b);

/* The value of a key, or "" when there is none. */
void option_value(const char *text, const char *key, char value[OPTION_WORD]);

/* Whether two texts say the same but for the keys of `but`, which ends with NULL. */
bool option_same_but(const char *a, const char *b, const char *const *but);

#endif

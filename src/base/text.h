/* text.h — small helpers for names and numbers written by people. */

#ifndef TALLY_BASE_TEXT_H
#define TALLY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Letters to change, add or drop to turn a into b; a swap of neighbours counts one. */
size_t tally_text_distance(const char *a, const char *b);

/* Keeps in *best the candidate nearest to `word`, when it is near enough to be a slip
 * (start with *best = NULL). */
void tally_text_nearer(const char *word, const char *candidate, const char **best);

/* The end of a word that is counted: "" for 1, else "s". */
const char *tally_text_plural(uint64_t count);

/* The whole text as a number, in the C locale; false when anything is left over or it
 * does not fit.  A count has no sign and may end in k, M or G (1000s). */
bool tally_text_real(const char *text, double *value);
bool tally_text_count(const char *text, uint64_t *value);

/* Appends in printf form to a buffer of `most` bytes that holds *used already; false,
 * and nothing written, when it does not fit. */
bool tally_text_append(char *text, size_t most, size_t *used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

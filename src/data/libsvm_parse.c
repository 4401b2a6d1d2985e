/* libsvm_parse.c — a file of "label index:value index:value ..." lines.
 *
 *     line = label {blanks index ":" value} [blanks] ["#" comment] end
 *
 * Joachims, SVM-light, 1998; Chang and Lin, LIBSVM: A Library for Support Vector
 * Machines, 2011.  Real files end lines with blanks or CR LF, have rows of zeros (a
 * label alone), write +1, end without a newline or with empty lines: all that is read.
 * Indices ascend; they start from 1, from 0 on request, which is never guessed.  qid:N
 * after the label is checked and not used.  Nothing else is read: see docs/data.md. */

#include "data/libsvm_parse.h"

#include <string.h>

static const size_t line_most = (size_t)1 << 20;

/* One line, without its end; p is where reading is. */
typedef struct cursor {
    const uint8_t *first, *p, *end;
    size_t line;
    const tally_reading *in;
    bool zero_based;
} cursor;

static tally_place place_of(const cursor *c, const uint8_t *p)
{
    return (tally_place){c->in->name, "column", c->line, (size_t)(p - c->first) + 1};
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static tally_status check_bytes(const cursor *c)
{
    if ((size_t)(c->end - c->first) > line_most)
        return tally_refuse(place_of(c, c->first),
                            "the line has more than %zu characters", line_most);
    for (const uint8_t *p = c->first; p < c->end; p++)
        if ((*p < ' ' && *p != '\t') || *p > '~')
            return tally_refuse(place_of(c, p), "byte %02x is no ASCII text", *p);
    return TALLY_OK;
}

/* The characters up to the next blank. */
static tally_status next_word(cursor *c, char word[TALLY_WORD_MOST])
{
    const uint8_t *start = c->p;

    while (c->p < c->end && !is_blank(*c->p))
        c->p++;
    size_t length = (size_t)(c->p - start);
    if (length >= TALLY_WORD_MOST)
        return tally_refuse(place_of(c, start), "%zu characters without a blank",
                            length);
    memcpy(word, start, length);
    word[length] = '\0';
    return TALLY_OK;
}

static bool is_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* *column <- index, from 0. */
static tally_status read_index(const cursor *c, tally_place place, const char *text,
                               size_t *column)
{
    uint64_t index = 0;

    if (*text == '-') return tally_refuse(place, "index %s is negative", text);
    if (!is_digits(text))
        return tally_refuse(place, "\"%s\" is no index, expected digits", text);
    for (const char *p = text; *p && index <= INT32_MAX; p++)
        index = 10 * index + (uint64_t)(*p - '0');
    if (index > INT32_MAX)
        return tally_refuse(place, "index %s is more than %d", text, INT32_MAX);
    if (index == 0 && !c->zero_based)
        return tally_refuse(place,
                            "index 0, expected 1 or more; zero_based=true is for "
                            "files that count from 0");
    *column = (size_t)index - !c->zero_based;
    if (c->in->features && *column >= c->in->features)
        return tally_refuse(place,
                            "index %s is beyond the %zu features; features=N "
                            "makes room",
                            text, c->in->features);
    return TALLY_OK;
}

/* "index:value"; *next <- the least column that may follow. */
static tally_status read_entry(cursor *c, tally_place place, char *word, size_t *next)
{
    char *colon = strchr(word, ':');
    size_t column = 0;
    double value;

    if (!colon)
        return tally_refuse(place, "\"%s\" has no ':', expected index:value", word);
    if (colon == word || !colon[1])
        return tally_refuse(place, "\"%s\" lacks its %s, expected index:value", word,
                            colon == word ? "index" : "value");
    *colon = '\0';
    TALLY_TRY(read_index(c, place, word, &column));
    if (column < *next)
        return tally_refuse(place, "index %s does not ascend: %zu came before", word,
                            *next - 1 + !c->zero_based);
    place.at += (size_t)(colon + 1 - word);
    const char *wrong = tally_decimal(colon + 1, &value);
    if (wrong) return tally_refuse(place, "value %s %s", colon + 1, wrong);
    TALLY_TRY(tally_rows_add(c->in->rows, column, value));
    *next = column + 1;
    return TALLY_OK;
}

static tally_status read_line(cursor *c)
{
    char word[TALLY_WORD_MOST];
    size_t next = 0;
    int32_t label;
    bool first = true;

    TALLY_TRY(check_bytes(c));
    if (is_blank(*c->p))
        return tally_refuse(place_of(c, c->p), "a blank, expected a label");
    TALLY_TRY(next_word(c, word));
    TALLY_TRY(tally_labels_take(c->in->labels, place_of(c, c->first), word, &label));
    for (;; first = false) {
        while (c->p < c->end && is_blank(*c->p))
            c->p++;
        if (c->p == c->end || *c->p == '#') break;
        tally_place place = place_of(c, c->p);

        TALLY_TRY(next_word(c, word));
        if (first && strncmp(word, "qid:", 4) == 0 && is_digits(word + 4)) continue;
        TALLY_TRY(read_entry(c, place, word, &next));
    }
    return tally_rows_end(c->in->rows, label);
}

/* Empty lines may end a file; elsewhere they are a row that got lost. */
static tally_status check_empty(const cursor *c, const uint8_t *end)
{
    for (const uint8_t *p = c->first; p < end; p++)
        if (*p != '\n' && *p != '\r')
            return tally_refuse(place_of(c, c->first),
                                "the line is empty, expected a label");
    return TALLY_OK;
}

tally_status tally_libsvm_parse(const void *options, const tally_reading *in)
{
    const tally_libsvm *o = options;
    const uint8_t *end = in->bytes + in->count, *next;
    cursor c = {.in = in, .zero_based = o->zero_based};

    for (const uint8_t *p = in->bytes; p < end; p = next) {
        const uint8_t *newline = memchr(p, '\n', (size_t)(end - p));

        next = newline ? newline + 1 : end;
        c.first = c.p = p;
        c.end = newline ? newline : end;
        c.line++;
        if (newline && c.end > p && c.end[-1] == '\r') c.end--;
        if (c.end == p) return check_empty(&c, end);
        TALLY_TRY(read_line(&c));
    }
    return TALLY_OK;
}

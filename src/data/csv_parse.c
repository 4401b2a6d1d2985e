/* csv_parse.c — a table of numbers and one column of labels, as comma-separated values.
 *
 *     file   = [header] {record}       record = field {separator field} (CR LF | LF)
 *     field  = plain | quote {any but a quote | quote quote} quote
 *
 * Shafranovich, Common Format and MIME Type for Comma-Separated Values (CSV) Files,
 * 2005, RFC 4180, section 2, strictly: blanks belong to a field, a quote stands around
 * a whole field or doubled inside one, every record has as many fields as the first.
 * Besides, as files have it: LF alone ends a line, any of five separators, UTF-8 in
 * names and labels, a byte order mark before the first field (skipped).
 *
 * Every column but the label's is a feature.  No field may be empty: there is no word
 * for a value that is missing. */

#include "data/csv_parse.h"

#include "base/text.h"

#include <string.h>

static const char separators[] = {',', ';', '\t', ' ', '|'};

/* Where reading is.  p stands at the start of a field, or at the end. */
typedef struct cursor {
    const uint8_t *p, *end;
    tally_place place; /* of the field at p */
    char separator;
} cursor;

static cursor start(const tally_csv *o, const tally_reading *in)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    bool marked = in->count >= 3 && memcmp(in->bytes, mark, 3) == 0;

    return (cursor){
        .p = in->bytes + (marked ? 3 : 0),
        .end = in->bytes + in->count,
        .place = {in->name, "field", 1, 1},
        .separator = separators[o->separator]
    };
}

/* Bytes of a line end at p: LF or CR LF; 0: there is none. */
static size_t line_end(const cursor *c)
{
    if (c->p < c->end && *c->p == '\n') return 1;
    return c->end - c->p >= 2 && c->p[0] == '\r' && c->p[1] == '\n' ? 2 : 0;
}

static bool at_field_end(const cursor *c)
{
    return c->p == c->end || *c->p == (uint8_t)c->separator || line_end(c);
}

static tally_status keep(const cursor *c, char text[TALLY_WORD_MOST], size_t *length)
{
    if (*c->p == '\0') return tally_refuse(c->place, "a byte 00, expected text");
    if (*length == TALLY_WORD_MOST - 1)
        return tally_refuse(c->place, "the field has more than %d characters",
                            TALLY_WORD_MOST - 1);
    text[(*length)++] = (char)*c->p;
    return TALLY_OK;
}

/* From behind the first quote to behind the last. */
static tally_status read_quoted(cursor *c, char text[TALLY_WORD_MOST], size_t *length)
{
    size_t lines = 0;

    for (; c->p < c->end; c->p++) {
        if (*c->p == '"' && (++c->p == c->end || *c->p != '"')) {
            if (!at_field_end(c))
                return tally_refuse(c->place, "text after the closing quote");
            c->place.line += lines;
            return TALLY_OK;
        }
        lines += *c->p == '\n';
        TALLY_TRY(keep(c, text, length));
    }
    return tally_refuse(c->place, "the quote that opens it is never closed");
}

static tally_status read_plain(cursor *c, char text[TALLY_WORD_MOST], size_t *length)
{
    for (; !at_field_end(c); c->p++) {
        if (*c->p == '"')
            return tally_refuse(c->place, "a quote inside a field without quotes");
        if (*c->p == '\r')
            return tally_refuse(c->place, "a carriage return without a line feed");
        TALLY_TRY(keep(c, text, length));
    }
    return TALLY_OK;
}

/* text <- the field at p; *last: its record ends behind it. */
static tally_status next_field(cursor *c, char text[TALLY_WORD_MOST], bool *last)
{
    size_t length = 0;
    bool quoted = c->p < c->end && *c->p == '"';

    if (quoted) c->p++;
    TALLY_TRY(quoted ? read_quoted(c, text, &length) : read_plain(c, text, &length));
    text[length] = '\0';
    size_t ended = line_end(c);
    *last = c->p == c->end || ended;
    c->p += c->p == c->end ? 0 : ended ? ended : 1;
    c->place.at = *last ? 1 : c->place.at + 1;
    c->place.line += *last;
    return TALLY_OK;
}

/* ---- the columns ---- */

typedef struct columns {
    size_t count, label; /* label: its index, from 0 */
} columns;

/* Counts the fields of the first record, and looks for the label's name in it. */
static tally_status read_first(const tally_csv *o, cursor *c, columns *found)
{
    char name[TALLY_WORD_MOST];
    size_t named = 0;
    bool last = false;

    *found = (columns){0};
    for (; !last; found->count++) {
        TALLY_TRY(next_field(c, name, &last));
        if (!o->header || strcmp(name, o->label) != 0) continue;
        found->label = found->count;
        named++;
    }
    if (named == 1) return TALLY_OK;
    if (named > 1)
        return TALLY_FAIL(FORMAT, "%s: line 1: %zu columns are named %s", c->place.file,
                          named, o->label);
    uint64_t number;
    if (!tally_text_count(o->label, &number))
        return TALLY_FAIL(OPTION, "%s: there is no column %s%s", c->place.file,
                          o->label, o->header ? "" : "; header=false has no names");
    if (number < 1 || number > found->count)
        return TALLY_FAIL(OPTION, "%s: label=%s is no column, expected 1 to %zu",
                          c->place.file, o->label, found->count);
    found->label = (size_t)number - 1;
    return TALLY_OK;
}

/* Both headers name the same columns in the same order. */
static tally_status compare_headers(const tally_csv *o, const tally_reading *in)
{
    cursor here = start(o, in), there = start(o, in->train);
    char name[TALLY_WORD_MOST], want[TALLY_WORD_MOST];
    bool last = false, last_there = false;

    while (!last && !last_there) {
        tally_place place = here.place;

        TALLY_TRY(next_field(&here, name, &last));
        TALLY_TRY(next_field(&there, want, &last_there));
        if (strcmp(name, want) != 0 || last != last_there)
            return tally_refuse(place, "column %s%s, expected %s%s as in %s", name,
                                last ? " is the last" : "", want,
                                last_there ? " to be the last" : "", in->train->name);
    }
    return TALLY_OK;
}

/* ---- the rows ---- */

static tally_status read_record(cursor *c, const tally_reading *in, columns of)
{
    char text[TALLY_WORD_MOST];
    size_t line = c->place.line;
    int32_t label = 0;
    bool last = false;

    for (size_t i = 0; i < of.count; i++) {
        tally_place place = c->place;
        double value = 0;

        if (last)
            return TALLY_FAIL(FORMAT, "%s: line %zu has %zu fields, expected %zu",
                              in->name, line, i, of.count);
        TALLY_TRY(next_field(c, text, &last));
        if (i == of.label) {
            TALLY_TRY(tally_labels_take(in->labels, place, text, &label));
            continue;
        }
        if (!*text) return tally_refuse(place, "it is empty, expected a number");
        const char *wrong = tally_decimal(text, &value);
        if (wrong) return tally_refuse(place, "\"%s\" %s", text, wrong);
        if (value < 0 || value > 0)
            TALLY_TRY(tally_rows_add(in->rows, i - (i > of.label), value));
    }
    if (!last)
        return TALLY_FAIL(FORMAT, "%s: line %zu has more than %zu fields", in->name,
                          line, of.count);
    return tally_rows_end(in->rows, label);
}

tally_status tally_csv_parse(const void *options, const tally_reading *in)
{
    const tally_csv *o = options;
    cursor c = start(o, in), first = c;
    columns found;

    TALLY_TRY(read_first(o, &first, &found));
    if (found.count < 2)
        return TALLY_FAIL(FORMAT,
                          "%s: line 1 has one field, expected a label and a number; "
                          "separator=semicolon, say, is for other separators",
                          in->name);
    if (in->train && o->header) TALLY_TRY(compare_headers(o, in));
    if (in->train && found.count != in->features + 1)
        return TALLY_FAIL(FORMAT, "%s: line 1 has %zu fields, expected %zu as in %s",
                          in->name, found.count, in->features + 1, in->train->name);
    if (o->header) c = first;
    in->rows->columns = found.count - 1;
    while (c.p < c.end)
        TALLY_TRY(read_record(&c, in, found));
    return TALLY_OK;
}

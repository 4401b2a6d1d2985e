/* npy.c — one array of NumPy in memory: its type, its shape, and where its values are.
 *
 *     93 "NUMPY" | major | minor | length H | header of H bytes | values
 *     header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } blanks \n
 *
 * Kern, A Simple File Format for NumPy Arrays, NumPy enhancement proposal 1, 2007;
 * versions 1.0, 2.0 and 3.0 (H has 16 bits, then 32; the last is UTF-8).  The header is
 * a Python literal, read by a grammar of just these three keys: nothing is evaluated,
 * and objects, which would be pickles, are refused.
 *
 * It reads booleans, integers and floats of 2 to 8 bytes in either byte order.  Text,
 * complex, dates and structures are refused by name. */

#include "data/npy.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { MAGIC = 6, VERSION = 8, HEADER_MOST = 1 << 20 };

/* ---- the header's literal ---- */

typedef struct reader {
    const char *name;
    const char *at, *end;
} reader;

static void skip_blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static bool take(reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static tally_status expected(const reader *r, const char *what)
{
    size_t left = (size_t)(r->end - r->at), shown = left < 12 ? left : 12;

    if (memchr(r->at, '\n', shown)) shown = 0;
    return TALLY_FAIL(FORMAT, "%s: the header of the array has \"%.*s\", expected %s",
                      r->name, (int)shown, r->at, what);
}

/* A string in quotes without escapes. */
static tally_status read_string(reader *r, const char **text, size_t *length)
{
    skip_blanks(r);
    char quote = r->at < r->end ? *r->at : 0;
    if (quote != '\'' && quote != '"') return expected(r, "a name in quotes");
    const char *first = r->at + 1, *last = first;
    while (last < r->end && *last != quote) {
        if (*last == '\\' || !isprint((unsigned char)*last))
            return expected(r, "a string without escapes");
        last++;
    }
    if (last == r->end) return expected(r, "a closing quote");
    *text = first;
    *length = (size_t)(last - first);
    r->at = last + 1;
    return TALLY_OK;
}

static bool take_word(reader *r, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(r);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

static tally_status read_order(reader *r, tally_npy *a)
{
    a->column_major = take_word(r, "True");
    if (!a->column_major && !take_word(r, "False")) return expected(r, "True or False");
    return TALLY_OK;
}

static tally_status read_dimension(reader *r, size_t *value)
{
    skip_blanks(r);
    if (r->at == r->end || !isdigit((unsigned char)*r->at))
        return expected(r, "a dimension in decimal digits");
    for (*value = 0; r->at < r->end && isdigit((unsigned char)*r->at); r->at++) {
        size_t digit = (size_t)(*r->at - '0');

        if (*value > (SIZE_MAX - digit) / 10)
            return TALLY_FAIL(FORMAT, "%s: a dimension is 2^64 or more", r->name);
        *value = 10 * *value + digit;
    }
    return TALLY_OK;
}

/* (), (3,), (2, 3) */
static tally_status read_shape(reader *r, tally_npy *a)
{
    bool comma = true;

    if (!take(r, '(')) return expected(r, "a shape in parentheses");
    while (!take(r, ')')) {
        if (!comma) return expected(r, "a comma between dimensions");
        if (a->dimensions == TALLY_NPY_DIMENSIONS_MOST)
            return TALLY_FAIL(FORMAT, "%s has more than %d dimensions", r->name,
                              TALLY_NPY_DIMENSIONS_MOST);
        TALLY_TRY(read_dimension(r, &a->shape[a->dimensions]));
        a->dimensions++;
        comma = take(r, ',');
    }
    if (a->dimensions == 1 && !comma) return expected(r, "a comma as in (3,)");
    return TALLY_OK;
}

static const char *kind_name(char kind)
{
    switch (kind) {
    case 'O':
        return "Python objects, which are never unpickled";
    case 'S':
    case 'U':
        return "text";
    case 'V':
        return "raw bytes or structures";
    case 'c':
        return "complex numbers";
    case 'M':
    case 'm':
        return "dates or durations";
    default:
        return "of an unknown type";
    }
}

static bool is_size(char kind, size_t size)
{
    if (kind == 'b') return size == 1;
    return size == 2 || size == 4 || size == 8 || (size == 1 && kind != 'f');
}

/* '<f4': byte order, kind, size. */
static tally_status read_type(reader *r, tally_npy *a)
{
    const char *text;
    size_t length;

    skip_blanks(r);
    if (r->at < r->end && *r->at == '[')
        return TALLY_FAIL(FORMAT, "%s holds structures, expected plain numbers",
                          r->name);
    TALLY_TRY(read_string(r, &text, &length));
    if (length < 2 || !strchr("<>|=", *text))
        return TALLY_FAIL(FORMAT, "%s: the type '%.*s' is not one like '<f4'", r->name,
                          (int)length, text);
    a->kind = text[1];
    a->size =
        length == 3 && isdigit((unsigned char)text[2]) ? (size_t)(text[2] - '0') : 0;
    a->big_endian = *text == '>';
    if (!strchr("biuf", a->kind))
        return TALLY_FAIL(FORMAT, "%s holds values '%.*s', %s; expected numbers",
                          r->name, (int)length, text, kind_name(a->kind));
    if (!is_size(a->kind, a->size) || (*text == '|' && a->size > 1))
        return TALLY_FAIL(FORMAT, "%s: the type '%.*s' is no number that is read",
                          r->name, (int)length, text);
    return TALLY_OK;
}

enum { TYPE, ORDER, SHAPE, KEYS };

static const char *const keys[KEYS] = {"descr", "fortran_order", "shape"};

static tally_status read_key(reader *r, int *key)
{
    const char *text;
    size_t length;

    TALLY_TRY(read_string(r, &text, &length));
    for (*key = 0; *key < KEYS; ++*key)
        if (strlen(keys[*key]) == length && memcmp(keys[*key], text, length) == 0)
            return TALLY_OK;
    return TALLY_FAIL(FORMAT,
                      "%s: the header of the array has a key '%.*s', expected "
                      "descr, fortran_order and shape",
                      r->name, (int)(length < 32 ? length : 32), text);
}

static tally_status read_value(reader *r, int key, tally_npy *a)
{
    if (key == TYPE) return read_type(r, a);
    return key == ORDER ? read_order(r, a) : read_shape(r, a);
}

static tally_status read_literal(reader *r, tally_npy *a)
{
    bool seen[KEYS] = {false}, comma = true;

    if (!take(r, '{')) return expected(r, "{");
    while (!take(r, '}')) {
        int key;

        if (!comma) return expected(r, "a comma between keys");
        TALLY_TRY(read_key(r, &key));
        if (seen[key])
            return TALLY_FAIL(FORMAT, "%s: the header of the array has %s twice",
                              r->name, keys[key]);
        seen[key] = true;
        if (!take(r, ':')) return expected(r, "a colon after the key");
        TALLY_TRY(read_value(r, key, a));
        comma = take(r, ',');
    }
    for (int key = 0; key < KEYS; key++)
        if (!seen[key])
            return TALLY_FAIL(FORMAT, "%s: the header of the array lacks %s", r->name,
                              keys[key]);
    skip_blanks(r);
    if (r->at + 1 != r->end || *r->at != '\n')
        return expected(r, "blanks and a newline at its end");
    return TALLY_OK;
}

/* ---- the file ---- */

/* *first, *length <- where the header is. */
static tally_status find_header(const char *name, const uint8_t *b, size_t count,
                                size_t *first, size_t *length)
{
    if (count < VERSION || memcmp(b, "\x93NUMPY", MAGIC) != 0)
        return TALLY_FAIL(FORMAT,
                          "%s does not start as an array of NumPy, 93 \"NUMPY\"", name);
    if (b[6] < 1 || b[6] > 3 || b[7] != 0)
        return TALLY_FAIL(FORMAT,
                          "%s is an array of version %u.%u, expected 1.0, 2.0 or 3.0",
                          name, b[6], b[7]);
    *first = b[6] == 1 ? VERSION + 2 : VERSION + 4;
    *length = 0;
    for (size_t i = *first; i-- > VERSION;)
        *length = *length << 8 | (i < count ? b[i] : 0);
    if (count < *first || *length > count - *first)
        return TALLY_FAIL(FORMAT, "%s ends at byte %zu, inside its header", name,
                          count);
    if (*length == 0 || *length > HEADER_MOST)
        return TALLY_FAIL(FORMAT, "%s: a header of %zu bytes is not in [1, %d]", name,
                          *length, HEADER_MOST);
    return TALLY_OK;
}

static tally_status check_booleans(const tally_npy *a)
{
    for (size_t i = 0; a->kind == 'b' && i < a->count; i++)
        if (a->values[i] > 1)
            return TALLY_FAIL(FORMAT, "%s: value %zu is %u, no boolean", a->name, i,
                              a->values[i]);
    return TALLY_OK;
}

tally_status tally_npy_parse(tally_npy *a, const char *name, const uint8_t *bytes,
                             size_t count)
{
    size_t first = 0, length = 0;

    *a = (tally_npy){.name = name, .count = 1};
    TALLY_TRY(find_header(name, bytes, count, &first, &length));
    const char *header = (const char *)bytes + first;
    reader r = {.name = name, .at = header, .end = header + length};
    TALLY_TRY(read_literal(&r, a));
    for (size_t i = 0; i < a->dimensions; i++) {
        if (a->shape[i] > 0 && a->count > SIZE_MAX / 8 / a->shape[i])
            return TALLY_FAIL(FORMAT, "%s: its shape is more than can be addressed",
                              name);
        a->count *= a->shape[i];
    }
    size_t left = count - first - length;
    if (left != a->count * a->size)
        return TALLY_FAIL(FORMAT,
                          "%s has %zu bytes of values, its type and shape demand %zu",
                          name, left, a->count * a->size);
    a->values = bytes + first + length;
    TALLY_TRY(check_booleans(a));
    return TALLY_OK;
}

/* ---- values ---- */

static uint64_t bits_of(const tally_npy *a, size_t i)
{
    const uint8_t *b = a->values + i * a->size;
    uint64_t bits = 0;

    for (size_t k = 0; k < a->size; k++)
        bits = bits << 8 | b[a->big_endian ? k : a->size - 1 - k];
    return bits;
}

/* The sign bit of a shorter integer fills the bits above it. */
static int64_t signed_of(uint64_t bits, size_t size)
{
    uint64_t sign = UINT64_C(1) << (8 * size - 1);

    return (int64_t)((bits ^ sign) - sign);
}

tally_status tally_npy_integer(const tally_npy *a, size_t i, int64_t *value)
{
    uint64_t bits = bits_of(a, i);

    if (a->kind == 'f')
        return TALLY_FAIL(FORMAT, "%s holds floats, expected integers", a->name);
    if (a->kind == 'u' && bits > INT64_MAX)
        return TALLY_FAIL(FORMAT, "%s: value %zu is %llu, 2^63 or more", a->name, i,
                          (unsigned long long)bits);
    *value = a->kind == 'i' ? signed_of(bits, a->size) : (int64_t)bits;
    return TALLY_OK;
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction. */
static double half_of(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 1023), sign = bits >> 15 ? -1 : 1;

    if (exponent == 31) return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(fraction + 1024, exponent - 25);
}

double tally_npy_real(const tally_npy *a, size_t i)
{
    uint64_t bits = bits_of(a, i);
    uint32_t low = (uint32_t)bits;
    float single;
    double value;

    if (a->kind == 'i') return (double)signed_of(bits, a->size);
    if (a->kind != 'f') return (double)bits;
    if (a->size == 2) return half_of(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&value, &bits, sizeof value);
    return a->size == 4 ? (double)single : value;
}

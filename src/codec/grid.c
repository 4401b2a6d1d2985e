/* grid.c — the nearest of m fixed levels, k bits each.
 *
 *     level_c = low + c step,   c = 0 .. m-1,   step = (high - low) / (m - 1)
 *     c(x)    = clamp(floor((x - low) / step + 1/2), 0, m - 1)
 *
 * The set Delta of pdADMM-G-Q (Wang et al., 2021): {-1, 0, ..., 20} is
 * grid:levels=22,low=-1,high=20 and takes 5 bits.  With power=true the step is raised
 * to a power of two and low lowered to a multiple of it: every level is then a float
 * exactly, and so is every sum of few.  A set that is not even is listed:
 * grid:set=-1x0x0.5x4.  Half-way goes up; what lies outside becomes the nearest end,
 * NaN the lowest level.
 *
 * Message: ceil(log2 m) bits a value.  A level comes back as the same tally_real: what
 * lies on the grid travels exactly.  Within [low, high] the error is at most step / 2;
 * there is no bound relative to a value, so no contraction. */

#include "codec/codec.h"
#include "codec/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct codec_grid {
    uint64_t bits, levels;
    double low, high;
    bool power;
    char *set;
} codec_grid;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, codec_grid, bits, "8", "[1, 16]",
                 "bits a value: 2^bits levels"),
    TALLY_OPTION(COUNT, codec_grid, levels, "0", "[0, 65536]",
                 "how many levels instead; 0: by bits"),
    TALLY_OPTION(REAL, codec_grid, low, "-1", "(-inf, inf)", "the lowest level"),
    TALLY_OPTION(REAL, codec_grid, high, "1", "(-inf, inf)", "the highest level"),
    TALLY_OPTION(FLAG, codec_grid, power, "false", NULL,
                 "raise the step to a power of two"),
    TALLY_OPTION(TEXT, codec_grid, set, NULL, NULL,
                 "the levels one by one, ascending, such as -1x0x0.5x4"),
    TALLY_END,
};

/* The grid as it is used. */
typedef struct levels {
    size_t count;
    unsigned bits;
    double low, step;
    double *listed; /* owned; NULL: even */
} levels;

/* ---- which levels ---- */

/* The number at *at, up to the next x or the end, which *at becomes.  Cut out first: to
 * strtod 0x4 is one number. */
static bool read_level(const char **at, double *level)
{
    char word[64], *end;
    size_t length = strcspn(*at, "x");

    if (length == 0 || length >= sizeof word) return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length;
    *level = strtod(word, &end);
    return *end == '\0' && isfinite(*level);
}

static tally_status list_levels(levels *l, const char *set)
{
    const char *at = set;
    double level;

    l->listed = calloc(strlen(set) + 1, sizeof *l->listed);
    if (!l->listed) return TALLY_FAIL(MEMORY, "no memory for the levels %s", set);
    for (;; at++) {
        if (!read_level(&at, &level))
            return TALLY_FAIL(OPTION,
                              "codec grid: set=%s is not numbers with x between", set);
        if (l->count && !(level > l->listed[l->count - 1]))
            return TALLY_FAIL(OPTION, "codec grid: set=%s does not ascend", set);
        l->listed[l->count++] = level;
        if (!*at) return TALLY_OK;
    }
}

/* The least power of two whose m levels, from a multiple of it on, reach from low to
 * high. */
static void raise_to_power(levels *l, double low, double high)
{
    double step = exp2(ceil(log2(l->step)));

    while (step * (floor(low / step) + (double)(l->count - 1)) < high)
        step *= 2;
    l->step = step;
    l->low = step * floor(low / step);
}

static tally_status open(tally_codec *k)
{
    const codec_grid *o = k->options;
    levels *l = calloc(1, sizeof *l);

    k->inner = l;
    if (!l) return TALLY_FAIL(MEMORY, "no memory for a grid");
    if (o->set) {
        TALLY_TRY(list_levels(l, o->set));
    } else {
        l->count = o->levels ? (size_t)o->levels : (size_t)1 << o->bits;
        if (!(o->low < o->high))
            return TALLY_FAIL(OPTION, "codec grid: low=%g is not below high=%g", o->low,
                              o->high);
    }
    if (l->count < 2 || l->count > 65536)
        return TALLY_FAIL(OPTION, "codec grid: %zu levels, expected 2 to 65536",
                          l->count);
    l->bits = tally_packed_bits(l->count);
    l->low = o->low;
    l->step = (o->high - o->low) / (double)(l->count - 1);
    if (!o->set && !(isfinite(l->step) && l->low + l->step > l->low))
        return TALLY_FAIL(OPTION, "codec grid: %zu levels do not fit from %g to %g",
                          l->count, o->low, o->high);
    if (o->power) raise_to_power(l, o->low, o->high);
    return TALLY_OK;
}

static void close(tally_codec *k)
{
    levels *l = k->inner;

    if (l) free(l->listed);
    free(l);
}

static size_t bound(const tally_codec *k, size_t count)
{
    const levels *l = k->inner;

    return tally_packed_bytes(count, l->bits);
}

static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return (double)INFINITY;
}

/* ---- values and codes ---- */

/* How many midpoints of neighbours lie at or below x. */
static size_t code_listed(const levels *l, double x)
{
    size_t low = 0, high = l->count - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (x >= l->listed[middle] + (l->listed[middle + 1] - l->listed[middle]) / 2)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is clamped first is rounded down by (int), since it is not negative; NaN becomes
 * 0. */
static void codes_even(const levels *l, const tally_real *v, size_t n, uint16_t *code)
{
    const double low = l->low, step = l->step, last = (double)(l->count - 1);

    for (size_t i = 0; i < n; i++) {
        double c = ((double)v[i] - low) / step + 0.5;

        c = c > 0 ? c : 0;
        c = c < last ? c : last;
        code[i] = (uint16_t)(int)c;
    }
}

static void codes_of(const levels *l, const tally_real *v, size_t n, uint16_t *code)
{
    if (l->listed)
        for (size_t i = 0; i < n; i++)
            code[i] = (uint16_t)code_listed(l, (double)v[i]);
    else
        codes_even(l, v, n, code);
}

static void values_of(const levels *l, const uint16_t *code, size_t n, tally_real *v)
{
    const double low = l->low, step = l->step;

    if (l->listed)
        for (size_t i = 0; i < n; i++)
            v[i] = (tally_real)l->listed[code[i]];
    else
        for (size_t i = 0; i < n; i++)
            v[i] = (tally_real)(low + (double)code[i] * step);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const levels *l = k->inner;
    unsigned char *to = bytes;
    uint16_t code[TALLY_CHUNK];

    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        codes_of(l, v + at, n, code);
        tally_pack_codes(code, n, l->bits, to + tally_packed_bytes(at, l->bits));
    }
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    const levels *l = k->inner;
    const unsigned char *from = bytes;
    uint16_t code[TALLY_CHUNK];

    (void)size;
    for (size_t at = 0; at < piece.count; at += TALLY_CHUNK) {
        size_t n = tally_codec_run(at, piece.count - at, TALLY_CHUNK);

        tally_unpack_codes(from + tally_packed_bytes(at, l->bits), n, l->bits, code);
        size_t bad = tally_code_beyond(code, n, (unsigned)l->count - 1);
        if (bad < n)
            return TALLY_FAIL(FORMAT, "codec grid: value %zu has code %u of %zu levels",
                              at + bad, code[bad], l->count);
        values_of(l, code, n, v + at);
    }
    if (!tally_packed_clear(from, piece.count, l->bits))
        return TALLY_FAIL(FORMAT, "codec grid: bits are set beyond the %zu values",
                          piece.count);
    return TALLY_OK;
}

const tally_codec_ops tally_codec_grid = {
    .about = {.name = "grid",
              .brief = "the nearest of fixed levels, 1 to 16 bits a value",
              .paper = "Wang et al. 2021 (pdADMM-G-Q), arXiv:2105.09837",
              .options = options,
              .options_size = sizeof(codec_grid)},
    .bytes = "ceil(n ceil(log2 levels) / 8)",
    .biased = true,
    .open = open,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
    .close = close,
};

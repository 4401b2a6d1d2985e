/* threshold.c — every value above a threshold, and where it stands.
 *
 *     Q(v)_i = v_i where |v_i| > t, 0 elsewhere
 *
 * Strom, Scalable Distributed DNN Training Using Commodity GPU Cloud Computing, 2015;
 * Dutta et al., On the Discrepancy between the Theoretical Analysis and Practical
 * Implementations of Compressed Communication for Distributed Deep Learning, 2019,
 * arXiv:1911.08250.  A message is as long as the values make it, between 8 bytes and
 * that of `most` n entries: when more of them pass, t is raised by factors of 1.3, as
 * DGC's released code adapts its own (Lin et al. 2017, arXiv:1712.01887); when a raise
 * leaves none at all, the first `most` from before it go.  Biased: wants error
 * feedback. NaN passes.  The level is found by bisection: each try counts all values,
 * and one pass collects.
 *
 * Message: the number of entries (8 bytes), the values as floats, the indices of
 * ceil(log2 n) bits each, ascending.  What is dropped is at most all of v. */

#include "codec/codec.h"
#include "codec/sparse.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct codec_threshold {
    double threshold, most;
} codec_threshold;

static const tally_option options[] = {
    TALLY_OPTION(REAL, codec_threshold, threshold, "0.001", "[0, inf)",
                 "values above it are sent"),
    TALLY_OPTION(REAL, codec_threshold, most, "0.1", "(0, 1]",
                 "share of the values that a message holds at most"),
    TALLY_END,
};

static size_t most_of(const tally_codec *k, size_t count)
{
    return tally_codec_share(((const codec_threshold *)k->options)->most, count);
}

/* What the thresholds can be, ascending: the first, and its raises. */
typedef struct room {
    double *level; /* owned: `levels` */
    size_t levels;
    size_t *index; /* owned: of what is sent */
} room;

/* From 0, and where a factor is lost in rounding, to below the least float. */
static double raised(double t)
{
    return t * 1.3 > t ? t * 1.3 : 1e-45;
}

static tally_status open(tally_codec *k)
{
    const double first = ((const codec_threshold *)k->options)->threshold;
    room *r = calloc(1, sizeof *r);

    k->inner = r;
    if (!r) return TALLY_FAIL(MEMORY, "no memory for a threshold");
    r->levels = 1;
    for (double t = first; t < 1e300; t = raised(t))
        r->levels++;
    r->level = tally_allocate(r->levels, sizeof *r->level);
    r->index = tally_allocate(most_of(k, k->most), sizeof *r->index);
    if (!r->level || !r->index)
        return TALLY_FAIL(MEMORY, "no memory for the indices of %zu values", k->most);
    r->level[0] = first;
    for (size_t j = 1; j < r->levels; j++)
        r->level[j] = raised(r->level[j - 1]);
    return TALLY_OK;
}

static void close(tally_codec *k)
{
    room *r = k->inner;

    if (!r) return;
    free(r->level);
    free(r->index);
    free(r);
}

static size_t bound(const tally_codec *k, size_t count)
{
    return sizeof(uint64_t) + tally_sparse_bytes(most_of(k, count), count);
}

static double distortion(const tally_codec *k, size_t count)
{
    (void)k, (void)count;
    return 1 + 1e-6;
}

/* The greatest number that is at most t: as good as t to compare values with. */
static tally_real number_below(double t)
{
    if (sizeof(tally_real) > sizeof(float)) return (tally_real)t;
    float x = (float)fmin(t, (double)FLT_MAX);

    return (tally_real)((double)x > t ? nextafterf(x, 0) : x);
}

/* NaN passes. */
static inline bool passes(tally_real v, tally_real t)
{
    return !((v <= t) & (v >= -t));
}

/* In runs, for a counter as narrow as the values. */
static size_t count_above(const tally_real *v, size_t n, tally_real t)
{
    size_t above = 0;

    for (size_t at = 0; at < n; at += TALLY_CHUNK) {
        size_t end = n - at < TALLY_CHUNK ? n : at + TALLY_CHUNK;
        uint32_t c = 0;

        for (size_t i = at; i < end; i++)
            c += passes(v[i], t);
        above += c;
    }
    return above;
}

enum { LANES = 64 };

/* The greatest |v_i| that is a number, in lanes of their own. */
static tally_real greatest_of(const tally_real *v, size_t n)
{
    tally_real most[LANES] = {0};

    for (size_t at = 0; at < n; at += LANES) {
        size_t left = n - at < LANES ? n - at : LANES;

        for (size_t i = 0; i < left; i++) {
            tally_real x = v[at + i] < 0 ? -v[at + i] : v[at + i];

            most[i] = x > most[i] ? x : most[i];
        }
    }
    for (size_t i = 1; i < LANES; i++)
        most[0] = most[i] > most[0] ? most[i] : most[0];
    return most[0];
}

/* The first level that at most `most` values pass: no more pass a level than the one
 * before, and from the greatest on no number does.  When NaNs alone are too many, any
 * level that no number passes will do. */
static size_t find_level(const room *r, const tally_real *v, size_t n, size_t most)
{
    size_t low = 0, high = r->levels - 1; /* low: too many pass */

    if (count_above(v, n, number_below(r->level[0])) <= most) return 0;
    const double greatest = (double)greatest_of(v, n);
    for (size_t j = 0; j < high; j++)
        if (r->level[j] >= greatest) high = j;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (count_above(v, n, number_below(r->level[middle])) > most)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* index <- where the first `most` of the values that pass stand; how many. */
static size_t collect(const tally_real *v, size_t n, tally_real t, size_t *index,
                      size_t most)
{
    size_t c = 0;

    for (size_t i = 0; i < n && c < most; i++) {
        index[c] = i;
        c += passes(v[i], t);
    }
    return c;
}

/* Infinities and NaN pass any level: then the first `most` go. */
static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const room *r = k->inner;
    size_t n = piece.count, most = most_of(k, n), j = find_level(r, v, n, most);
    uint64_t c = collect(v, n, number_below(r->level[j]), r->index, most);

    if (c == 0 && j > 0)
        c = collect(v, n, number_below(r->level[j - 1]), r->index, most);
    memcpy(bytes, &c, sizeof c);
    tally_sparse_write(v, r->index, c, n, (uint64_t *)bytes + 1);
    *size = sizeof c + tally_sparse_bytes(c, n);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    uint64_t c = 0;

    if (size >= sizeof c) memcpy(&c, bytes, sizeof c);
    if (size < sizeof c || c > most_of(k, piece.count) ||
        size != sizeof c + tally_sparse_bytes(c, piece.count))
        return TALLY_FAIL(FORMAT,
                          "codec threshold: a message of %zu bytes says it has %llu "
                          "entries of %zu values, at most %zu",
                          size, (unsigned long long)c, piece.count,
                          most_of(k, piece.count));
    return tally_sparse_read(k, (const uint64_t *)bytes + 1, c, piece.count, v);
}

const tally_codec_ops tally_codec_threshold = {
    .about = {.name = "threshold",
              .brief = "every value above a threshold, and where it stands",
              .paper = "Strom 2015; Dutta et al. 2019, arXiv:1911.08250",
              .options = options,
              .options_size = sizeof(codec_threshold)},
    .bytes = "8 + 4 c + ceil(c ceil(log2 n) / 8), c <= ceil(most n)",
    .biased = true,
    .variable = true,
    .open = open,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
    .close = close,
};

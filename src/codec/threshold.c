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
 * feedback. NaN passes.
 *
 * Message: the number of entries (8 bytes), the values as floats, the indices of
 * ceil(log2 n) bits each, ascending.  What is dropped is at most all of v. */

#include "codec/codec.h"
#include "codec/sparse.h"

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

static tally_status open(tally_codec *k)
{
    k->inner = tally_allocate(most_of(k, k->most), sizeof(size_t));
    if (!k->inner)
        return TALLY_FAIL(MEMORY, "no memory for the indices of %zu values", k->most);
    return TALLY_OK;
}

static void close(tally_codec *k)
{
    free(k->inner);
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

/* How many pass t; their indices while there is room. */
static size_t collect(const tally_real *v, size_t n, double t, size_t *index,
                      size_t most)
{
    size_t c = 0;

    for (size_t i = 0; i < n; i++) {
        if (fabs((double)v[i]) <= t) continue;
        if (c < most) index[c] = i;
        c++;
    }
    return c;
}

/* Infinities and NaN pass any t: then the first `most` go. */
static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    const codec_threshold *o = k->options;
    size_t most = most_of(k, piece.count);
    double t = o->threshold;
    uint64_t c = collect(v, piece.count, t, k->inner, most);

    while (c > most && t < 1e300) {
        t = t > 0 ? t * 1.3 : 1e-45;
        uint64_t fewer = collect(v, piece.count, t, k->inner, most);
        if (fewer == 0) break;
        c = fewer;
    }
    if (c > most) c = most;
    memcpy(bytes, &c, sizeof c);
    tally_sparse_write(v, k->inner, c, piece.count, (uint64_t *)bytes + 1);
    *size = sizeof c + tally_sparse_bytes(c, piece.count);
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

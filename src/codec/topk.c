/* topk.c — the greatest values, and where they stand.
 *
 *     Q(v)_i = v_i where |v_i| is among the c = ceil(k n) greatest, 0 elsewhere
 *
 * Aji, Heafield, Sparse Communication for Distributed Gradient Descent, 2017,
 * arXiv:1704.05021; Stich, Cordonnier, Jaggi, Sparsified SGD with Memory, 2018,
 * arXiv:1809.07599.  Biased: without error feedback most values would never be heard.
 * Of equals the first are taken.  NaN is greater than all.
 *
 * The cut is found by counting: a histogram of the upper half of the float's bits,
 * whose order is that of absolute values, then one of the lower half within the bin of
 * the cut; three passes over v, no sort.
 *
 * Message: c floats, then c indices of ceil(log2 n) bits, ascending.  What is dropped
 * is at most 1 - c / n of the square. */

#include "codec/codec.h"
#include "codec/sparse.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct codec_topk {
    double k;
} codec_topk;

static const tally_option options[] = {
    TALLY_OPTION(REAL, codec_topk, k, "0.01", "(0, 1]", "share of the values sent"),
    TALLY_END,
};

enum { LOWER = 15, BINS = 1 << 16 }; /* of the 31 bits of an absolute value */

typedef struct room {
    size_t *bin;   /* owned: BINS */
    size_t *index; /* owned: of what is sent */
} room;

static size_t kept_of(const tally_codec *k, size_t count)
{
    return tally_codec_share(((const codec_topk *)k->options)->k, count);
}

static tally_status open(tally_codec *k)
{
    room *r = calloc(1, sizeof *r);

    k->inner = r;
    if (!r) return TALLY_FAIL(MEMORY, "no memory for topk");
    r->bin = tally_allocate(BINS, sizeof *r->bin);
    r->index = tally_allocate(kept_of(k, k->most), sizeof *r->index);
    if (!r->bin || !r->index)
        return TALLY_FAIL(MEMORY, "no memory for the greatest of %zu values", k->most);
    return TALLY_OK;
}

static void close(tally_codec *k)
{
    room *r = k->inner;

    if (!r) return;
    free(r->bin);
    free(r->index);
    free(r);
}

static size_t bound(const tally_codec *k, size_t count)
{
    return tally_sparse_bytes(kept_of(k, count), count);
}

static double distortion(const tally_codec *k, size_t count)
{
    return 1 - (double)kept_of(k, count) / (double)count + 1e-6;
}

static uint32_t magnitude(tally_real v)
{
    float x = (float)v;
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    return u & 0x7fffffff;
}

/* The bin that holds the entry number *want from the top; *want becomes its number
 * within that bin. */
static uint32_t descend(const size_t *bin, size_t *want)
{
    uint32_t b = BINS - 1;

    for (; bin[b] < *want; b--)
        *want -= bin[b];
    return b;
}

/* The magnitude of the c-th greatest; *equals: how many of that magnitude belong to the
 * c. */
static uint32_t find_cut(room *r, const tally_real *v, size_t n, size_t c,
                         size_t *equals)
{
    *equals = c;
    memset(r->bin, 0, BINS * sizeof *r->bin);
    for (size_t i = 0; i < n; i++)
        r->bin[magnitude(v[i]) >> LOWER]++;
    uint32_t upper = descend(r->bin, equals);

    memset(r->bin, 0, BINS * sizeof *r->bin);
    for (size_t i = 0; i < n; i++) {
        uint32_t m = magnitude(v[i]);

        if (m >> LOWER == upper) r->bin[m & ((1 << LOWER) - 1)]++;
    }
    return upper << LOWER | descend(r->bin, equals);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    room *r = k->inner;
    size_t c = kept_of(k, piece.count), taken = 0, equals;
    uint32_t cut = find_cut(r, v, piece.count, c, &equals);

    for (size_t i = 0; i < piece.count; i++) {
        uint32_t m = magnitude(v[i]);

        if (m < cut || (m == cut && equals == 0)) continue;
        if (m == cut) equals--;
        r->index[taken++] = i;
    }
    tally_sparse_write(v, r->index, c, piece.count, bytes);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    (void)size;
    return tally_sparse_read(k, bytes, kept_of(k, piece.count), piece.count, v);
}

const tally_codec_ops tally_codec_topk = {
    .about = {.name = "topk",
              .brief = "the greatest values, and where they stand",
              .paper = "Aji, Heafield 2017, arXiv:1704.05021; Stich 2018, 1809.07599",
              .options = options,
              .options_size = sizeof(codec_topk)},
    .bytes = "4 c + ceil(c ceil(log2 n) / 8), c = ceil(k n)",
    .biased = true,
    .open = open,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
    .close = close,
};

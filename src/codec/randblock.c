/* randblock.c — one block of values at a place that chance chooses, the same for all
 * ranks.
 *
 *     Q(v)_i = (n / c) v_i for i = s, s + 1, ..., s + c - 1 modulo n, else 0
 *     scale=false: v_i itself;  c = ceil(k n), s uniform in [0, n)
 *
 * Vogels, Karimireddy, Jaggi, PowerSGD, 2019, arXiv:1905.13727, section 4 ("random
 * block"): as `randk`, with the same mean and variance, but it reads and writes memory
 * in order.  Neighbours come and go together.
 *
 * Message: c numbers (tally_real, so that a sum can add them). */

#include "codec/codec.h"
#include "num/random.h"

#include <stddef.h>
#include <string.h>

typedef struct codec_randblock {
    double k;
    bool scale;
} codec_randblock;

static const tally_option options[] = {
    TALLY_OPTION(REAL, codec_randblock, k, "0.01", "(0, 1]",
                 "share of the values sent"),
    TALLY_OPTION(FLAG, codec_randblock, scale, "true", NULL,
                 "divide by the share: unbiased; false: wants error feedback"),
    TALLY_END,
};

static size_t kept_of(const tally_codec *k, size_t count)
{
    return tally_codec_share(((const codec_randblock *)k->options)->k, count);
}

static tally_status open(tally_codec *k)
{
    k->biased = !((const codec_randblock *)k->options)->scale;
    return TALLY_OK;
}

static size_t bound(const tally_codec *k, size_t count)
{
    return kept_of(k, count) * sizeof(tally_real);
}

static double distortion(const tally_codec *k, size_t count)
{
    double share = (double)kept_of(k, count) / (double)count;

    return (k->biased ? 1 - share : 1 / share - 1) + 1e-6;
}

static size_t start_of(const tally_codec *k, tally_piece piece)
{
    uint64_t seed = tally_random(k->common, TALLY_FOR_CHOICE, 1, piece.first);
    double u = tally_random_uniform(seed, TALLY_FOR_CHOICE, piece.step, 0);
    size_t start = (size_t)(u * (double)piece.count);

    return start < piece.count ? start : piece.count - 1;
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    size_t c = kept_of(k, piece.count), start = start_of(k, piece);
    size_t before_end = piece.count - start < c ? piece.count - start : c;
    tally_real *to = bytes;

    memcpy(to, v + start, before_end * sizeof *v);
    memcpy(to + before_end, v, (c - before_end) * sizeof *v);
    *size = bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    size_t c = kept_of(k, piece.count), start = start_of(k, piece);
    const tally_real *from = bytes;
    const tally_real factor =
        k->biased ? 1 : (tally_real)((double)piece.count / (double)c);

    (void)size;
    memset(v, 0, piece.count * sizeof *v);
    for (size_t j = 0, i = start; j < c; j++, i = i + 1 == piece.count ? 0 : i + 1)
        v[i] = factor * from[j];
    return TALLY_OK;
}

const tally_codec_ops tally_codec_randblock = {
    .about = {.name = "randblock",
              .brief = "one block at a random place, the same for all ranks",
              .paper = "Vogels et al. 2019, arXiv:1905.13727",
              .options = options,
              .options_size = sizeof(codec_randblock)},
    .bytes = "c sizeof(real), c = ceil(k n)",
    .summable = true,
    .open = open,
    .bound = bound,
    .distortion = distortion,
    .encode = encode,
    .decode = decode,
};

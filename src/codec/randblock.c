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

#include "codec/chosen.h"
#include "num/random.h"

#include <string.h>

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
    size_t c = tally_chosen_count(k, piece.count), start = start_of(k, piece);
    size_t before_end = piece.count - start < c ? piece.count - start : c;
    tally_real *to = bytes;

    memcpy(to, v + start, before_end * sizeof *v);
    memcpy(to + before_end, v, (c - before_end) * sizeof *v);
    *size = tally_chosen_bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    size_t c = tally_chosen_count(k, piece.count), start = start_of(k, piece);
    const tally_real *from = bytes;
    const tally_real factor = tally_chosen_factor(k, piece.count);

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
              .options = tally_chosen_options,
              .options_size = sizeof(codec_chosen)},
    .bytes = "c sizeof(real), c = ceil(k n)",
    .summable = true,
    .open = tally_chosen_open,
    .bound = tally_chosen_bound,
    .distortion = tally_chosen_distortion,
    .encode = encode,
    .decode = decode,
};

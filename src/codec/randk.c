/* randk.c — values at places that chance chooses, the same for all ranks.
 *
 *     Q(v)_i = (n / c) v_i at c = ceil(k n) places drawn without replacement, else 0
 *     scale=false: v_i itself
 *
 * Stich, Cordonnier, Jaggi, Sparsified SGD with Memory, 2018, arXiv:1809.07599; the
 * common seed is that of Vogels, Karimireddy, Jaggi, PowerSGD, 2019, arXiv:1905.13727,
 * section 4.  Every rank draws the same places from (seed, step, piece), so places are
 * not sent and messages may be summed on the way.  Unbiased with variance (n / c - 1)
 * |v|^2; with scale=false biased, and what is dropped is 1 - c / n of the square in the
 * mean.
 *
 * Message: c numbers (tally_real, so that a sum can add them). */

#include "codec/chosen.h"
#include "num/random.h"

#include <string.h>

/* Place j of the step's permutation of the piece. */
static size_t place(const tally_codec *k, tally_piece piece, uint64_t j)
{
    uint64_t seed = tally_random(k->common, TALLY_FOR_CHOICE, 0, piece.first);

    return tally_random_permute(seed, TALLY_FOR_CHOICE, piece.step, piece.count, j);
}

static tally_status encode(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size)
{
    size_t c = tally_chosen_count(k, piece.count);
    tally_real *to = bytes;

    for (size_t j = 0; j < c; j++)
        to[j] = v[place(k, piece, j)];
    *size = tally_chosen_bound(k, piece.count);
    return TALLY_OK;
}

static tally_status decode(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v)
{
    size_t c = tally_chosen_count(k, piece.count);
    const tally_real *from = bytes;
    const tally_real factor = tally_chosen_factor(k, piece.count);

    (void)size;
    memset(v, 0, piece.count * sizeof *v);
    for (size_t j = 0; j < c; j++)
        v[place(k, piece, j)] = factor * from[j];
    return TALLY_OK;
}

const tally_codec_ops tally_codec_randk = {
    .about = {.name = "randk",
              .brief = "values at random places, the same for all ranks",
              .paper = "Stich et al. 2018, arXiv:1809.07599",
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

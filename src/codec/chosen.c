/* chosen.c — c = ceil(k n) of n values are sent, at places that all ranks know.
 *
 * Unbiased with variance (n / c - 1) |v|^2 when they are scaled by n / c; else biased,
 * and what is dropped is 1 - c / n of the square in the mean. */

#include "codec/chosen.h"

const tally_option tally_chosen_options[] = {
    TALLY_OPTION(REAL, codec_chosen, k, "0.01", "(0, 1]", "share of the values sent"),
    TALLY_OPTION(FLAG, codec_chosen, scale, "true", NULL,
                 "divide by the share: unbiased; false: wants error feedback"),
    TALLY_END,
};

size_t tally_chosen_count(const tally_codec *k, size_t count)
{
    return tally_codec_share(((const codec_chosen *)k->options)->k, count);
}

tally_real tally_chosen_factor(const tally_codec *k, size_t count)
{
    double sent = (double)tally_chosen_count(k, count);

    return k->biased ? 1 : (tally_real)((double)count / sent);
}

tally_status tally_chosen_open(tally_codec *k)
{
    k->biased = !((const codec_chosen *)k->options)->scale;
    return TALLY_OK;
}

size_t tally_chosen_bound(const tally_codec *k, size_t count)
{
    return tally_chosen_count(k, count) * sizeof(tally_real);
}

double tally_chosen_distortion(const tally_codec *k, size_t count)
{
    double share = (double)tally_chosen_count(k, count) / (double)count;

    return (k->biased ? 1 - share : 1 / share - 1) + 1e-6;
}

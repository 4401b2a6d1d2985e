/* vote_terms.c — ballots and counts as the terms of one sum.
 *
 *     without masks   sum over r of W_r bit_r,              minus where above W / 2
 *     with masks      sum over r of W_r (2 bit_r + ~mask_r),  minus where above W
 *
 * The bits of a ballot are clear where its mask is, so who abstains counts W_r, half of
 * what a vote against does. */

#include "exchange/vote_terms.h"

#include <stdlib.h>

tally_status vote_terms_open(vote_terms *t, const tally_sizes *weights, int members,
                             size_t most)
{
    size_t each = weights->count ? 0 : 1;

    for (size_t r = 0; r < weights->count; r++) {
        size_t planes = tally_bits_planes(weights->at[r]);

        if (planes > each) each = planes;
    }
    each *= 2 * (size_t)members;
    t->at = calloc(each > most ? each : most, sizeof *t->at);
    if (!t->at) return TALLY_FAIL(MEMORY, "no memory for the terms of a vote");
    return TALLY_OK;
}

void vote_terms_close(vote_terms *t)
{
    free(t->at);
    *t = (vote_terms){0};
}

void vote_terms_ballot(vote_terms *t, const uint64_t *bits, const uint64_t *mask,
                       uint64_t weight)
{
    for (size_t k = 0; weight >> k; k++) {
        if (!(weight >> k & 1)) continue;
        t->at[t->count++] = (tally_bits_term){bits, 0, mask ? k + 1 : k};
        if (mask) t->at[t->count++] = (tally_bits_term){mask, UINT64_MAX, k};
    }
}

void vote_terms_count(vote_terms *t, const uint64_t *planes, size_t words, size_t n)
{
    for (size_t k = 0; k < n; k++)
        t->at[t->count++] = (tally_bits_term){planes + k * words, 0, k};
}

/* vote_terms.h — ballots and counts as the terms of one sum (num/bits.h).
 *
 * A vote against counts its weight, a vote for nothing.  With masks everything counts
 * twice, so that who abstains can count once: half of its weight. */

#ifndef TALLY_EXCHANGE_VOTE_TERMS_H
#define TALLY_EXCHANGE_VOTE_TERMS_H

#include "tally/option.h"
#include "tally/status.h"

#include "num/bits.h"

typedef struct vote_terms {
    tally_bits_term *at; /* owned */
    size_t count;
} vote_terms;

/* Room for the ballots of `members` ranks, whichever they are, or for `most` planes of
 * counts.  weights: one a rank of the comm; none: all 1. */
tally_status vote_terms_open(vote_terms *t, const tally_sizes *weights, int members,
                             size_t most);
void vote_terms_close(vote_terms *t);

/* One ballot; mask: where it has a sign, NULL everywhere. */
void vote_terms_ballot(vote_terms *t, const uint64_t *bits, const uint64_t *mask,
                       uint64_t weight);

/* A count made elsewhere, plane after plane of `words` words. */
void vote_terms_count(vote_terms *t, const uint64_t *planes, size_t words, size_t n);

#endif

#include "num/bits.h"

#include "num/random.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { LENGTH_MOST = 700, WORDS_MOST = 11 };

static const tally_real special[] = {
    0,  (tally_real)-0.0,     (tally_real)NAN,       1,
    -1, (tally_real)INFINITY, (tally_real)-INFINITY, (tally_real)-1e-45};

static uint64_t draw(uint64_t step, uint64_t index)
{
    return tally_random(7, TALLY_FOR_TESTS, step, index);
}

/* Half of the values are special, the others plain numbers of either sign. */
static void fill(tally_real *v, size_t length, uint64_t step)
{
    for (size_t i = 0; i < length; i++) {
        uint64_t r = draw(step, i);

        v[i] = r & 1 ? special[r >> 1 & 7] : (tally_real)((double)(r >> 40) - 0x1p23);
    }
}

static bool bit(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

Test(bits, words_round_up)
{
    cr_assert(eq(sz, tally_bits_words(0), 0));
    cr_assert(eq(sz, tally_bits_words(1), 1));
    cr_assert(eq(sz, tally_bits_words(64), 1));
    cr_assert(eq(sz, tally_bits_words(65), 2));
}

Test(bits, packing_is_the_sign_of_each_value)
{
    tally_real v[LENGTH_MOST];
    uint64_t bits[WORDS_MOST];

    for (uint64_t round = 0; round < 300; round++) {
        size_t length = 1 + draw(round, 1000) % LENGTH_MOST;

        fill(v, length, round);
        memset(bits, 0xff, sizeof bits);
        tally_bits_pack(v, (tally_span){0, length}, bits);
        for (size_t i = 0; i < length; i++)
            cr_assert(bit(bits, i) == (v[i] < 0),
                      "round %d: coordinate %zu of %zu, value %g", (int)round, i,
                      length, (double)v[i]);
        for (size_t i = length; i < 64 * tally_bits_words(length); i++)
            cr_assert(bit(bits, i) == 0, "padding bit %zu of %zu is set", i, length);
    }
}

Test(bits, masked_packing_leaves_out_what_has_no_sign)
{
    tally_real v[LENGTH_MOST];
    uint64_t bits[WORDS_MOST], mask[WORDS_MOST];

    for (uint64_t round = 0; round < 100; round++) {
        size_t length = 1 + draw(round, 2000) % LENGTH_MOST;

        fill(v, length, round);
        memset(bits, 0xff, sizeof bits);
        memset(mask, 0xff, sizeof mask);
        tally_bits_pack_masked(v, (tally_span){0, length}, bits, mask);
        for (size_t i = 0; i < 64 * tally_bits_words(length); i++) {
            cr_assert(bit(bits, i) == (i < length && v[i] < 0));
            cr_assert(bit(mask, i) == (i < length && (v[i] < 0 || v[i] > 0)));
        }
    }
}

Test(bits, a_span_touches_its_own_words_alone)
{
    tally_real v[320], back[320] = {0};
    uint64_t bits[5] = {9, 9, 9, 9, 9}, mask[5] = {9, 9, 9, 9, 9};
    tally_span s = {128, 100};

    fill(v, 320, 1);
    tally_bits_pack(v, s, bits);
    tally_bits_pack_masked(v, s, bits, mask);
    tally_bits_expand(bits, mask, s, 1, back);
    for (size_t k = 0; k < 5; k++) {
        if (k == 2 || k == 3) continue;
        cr_assert(bits[k] == 9 && mask[k] == 9);
    }
    for (size_t i = 0; i < 320; i++) {
        if (i >= 128 && i < 228) continue;
        cr_assert(eq(dbl, (double)back[i], 0));
    }
}

Test(bits, expanding_gives_scale_minus_scale_or_zero)
{
    uint64_t bits[WORDS_MOST], mask[WORDS_MOST];
    tally_real v[LENGTH_MOST + 1];
    const tally_real scale = (tally_real)0.75;

    for (uint64_t round = 0; round < 100; round++) {
        size_t length = 1 + draw(round, 3000) % LENGTH_MOST;
        const uint64_t *given = round % 2 ? mask : NULL;

        for (size_t k = 0; k < WORDS_MOST; k++) {
            bits[k] = draw(round, 4000 + k);
            mask[k] = draw(round, 5000 + k);
        }
        v[length] = 42;
        tally_bits_expand(bits, given, (tally_span){0, length}, scale, v);
        for (size_t i = 0; i < length; i++) {
            double expected = bit(bits, i) ? -0.75 : 0.75;

            if (given && !bit(mask, i)) expected = 0;
            cr_assert(eq(dbl, (double)v[i], expected));
        }
        cr_assert(eq(dbl, (double)v[length], 42));
    }
}

Test(bits, counting_and_trimming_are_bit_by_bit)
{
    uint64_t bits[WORDS_MOST], total = 0;

    for (size_t k = 0; k < WORDS_MOST; k++)
        bits[k] = k == 3 ? UINT64_MAX : draw(1, k);
    for (size_t i = 0; i < 64 * WORDS_MOST; i++)
        total += bit(bits, i);
    cr_assert(eq(u64, tally_bits_count(bits, WORDS_MOST), total));
    cr_assert(eq(u64, tally_bits_count(bits, 0), 0));

    uint64_t kept = bits[2];
    tally_bits_trim(bits, 3 * 64 + 10);
    cr_assert(eq(u64, bits[3], 0x3ff));
    tally_bits_trim(bits, 3 * 64);
    cr_assert(eq(u64, bits[3], 0x3ff));
    cr_assert(eq(u64, bits[2], kept));
}

enum { BALLOTS_MOST = 33, VOTE_WORDS_MOST = 150 };

typedef struct polls {
    uint64_t bits[BALLOTS_MOST][VOTE_WORDS_MOST], mask[BALLOTS_MOST][VOTE_WORDS_MOST];
    const uint64_t *bits_at[BALLOTS_MOST], *mask_at[BALLOTS_MOST];
} polls;

static void fill_polls(polls *p, uint64_t step)
{
    for (size_t i = 0; i < BALLOTS_MOST; i++) {
        for (size_t k = 0; k < VOTE_WORDS_MOST; k++) {
            p->bits[i][k] = draw(step, 256 * i + k);
            p->mask[i][k] = draw(step, 9000000 + 256 * i + k);
        }
        p->bits_at[i] = p->bits[i];
        p->mask_at[i] = p->mask[i];
    }
}

Test(bits, majority_is_a_count_of_each_coordinate)
{
    static polls p;

    for (size_t n = 1; n <= BALLOTS_MOST; n++) {
        size_t words = 1 + draw(n, 20000) % VOTE_WORDS_MOST;
        uint64_t minus[VOTE_WORDS_MOST], tie[VOTE_WORDS_MOST];

        fill_polls(&p, n);
        tally_bits_majority(p.bits_at, n, words, minus, tie);
        for (size_t i = 0; i < 64 * words; i++) {
            size_t against = 0;

            for (size_t k = 0; k < n; k++)
                against += bit(p.bits[k], i);
            cr_assert(bit(minus, i) == (2 * against > n), "%zu ballots", n);
            cr_assert(bit(tie, i) == (2 * against == n), "%zu ballots", n);
        }
    }
}

/* Weights, and who abstains, as terms; every coordinate counted by itself. */
static size_t list_terms(const polls *p, size_t n, const uint64_t *weight,
                         tally_bits_term *terms)
{
    size_t count = 0;

    for (size_t r = 0; r < n; r++)
        for (size_t k = 0; weight[r] >> k; k++) {
            if (!(weight[r] >> k & 1)) continue;
            terms[count++] = (tally_bits_term){p->bits_at[r], 0, k + 1};
            terms[count++] = (tally_bits_term){p->mask_at[r], UINT64_MAX, k};
        }
    return count;
}

Test(bits, weights_count_and_who_abstains_does_not)
{
    static polls p;
    static tally_bits_term terms[BALLOTS_MOST * 64];
    static uint64_t sums[12 * VOTE_WORDS_MOST];

    for (size_t n = 1; n <= BALLOTS_MOST; n++) {
        size_t words = 1 + draw(n, 30000) % VOTE_WORDS_MOST;
        uint64_t minus[VOTE_WORDS_MOST], tie[VOTE_WORDS_MOST], weight[BALLOTS_MOST];
        uint64_t total = 0;

        fill_polls(&p, n);
        for (size_t r = 0; r < n; r++) {
            total += weight[r] = draw(n, 40000 + r) % 50;
            for (size_t k = 0; k < words; k++)
                p.bits[r][k] &= p.mask[r][k];
        }
        size_t count = list_terms(&p, n, weight, terms);
        tally_bits_weigh(terms, count, words, 2 * total, minus, tie);
        tally_bits_sum(terms, count, words, 12, sums);
        for (size_t i = 0; i < 64 * words; i++) {
            uint64_t against = 0, in_favour = 0, sum = 0;

            for (size_t k = 0; k < n; k++) {
                if (bit(p.mask[k], i) && bit(p.bits[k], i)) against += weight[k];
                if (bit(p.mask[k], i) && !bit(p.bits[k], i)) in_favour += weight[k];
            }
            for (size_t k = 0; k < 12; k++)
                sum += (uint64_t)bit(sums + k * words, i) << k;
            cr_assert(bit(minus, i) == (against > in_favour), "%zu ballots", n);
            cr_assert(bit(tie, i) == (against == in_favour), "%zu ballots", n);
            cr_assert(eq(u64, sum, total + against - in_favour));
        }
    }
}

/* An odd total has no ties, and the heaviest weights still fit. */
Test(bits, one_vote_of_a_great_weight_decides)
{
    const uint64_t against = UINT64_MAX, in_favour = 0;
    const tally_bits_term heavy[] = {
        {&against,   0, 31},
        {&in_favour, 0, 0 },
        {&in_favour, 0, 30}
    };
    uint64_t minus, tie;

    tally_bits_weigh(heavy, 3, 1, (UINT64_C(1) << 31) + (UINT64_C(1) << 30) + 1, &minus,
                     &tie);
    cr_assert(eq(u64, minus, UINT64_MAX));
    cr_assert(eq(u64, tie, 0));
    tally_bits_weigh(heavy, 1, 1, UINT64_C(1) << 32, &minus, &tie);
    cr_assert(eq(u64, minus, 0));
    cr_assert(eq(u64, tie, UINT64_MAX));
}

/* A hundred thousand voters: all but one short of half against, half, one more. */
Test(bits, a_single_vote_decides_among_many)
{
    enum { VOTERS = 100000 };

    const uint64_t against[1] = {UINT64_MAX}, in_favour[1] = {0};
    const uint64_t **ballots = calloc(VOTERS, sizeof *ballots);
    uint64_t minus, tie;

    cr_assert(ballots != NULL);
    for (size_t more = 0; more < 3; more++) {
        for (size_t i = 0; i < VOTERS; i++)
            ballots[i] = i < VOTERS / 2 - 1 + more ? against : in_favour;
        tally_bits_majority(ballots, VOTERS, 1, &minus, &tie);
        cr_assert(eq(u64, minus, more == 2 ? UINT64_MAX : 0));
        cr_assert(eq(u64, tie, more == 1 ? UINT64_MAX : 0));
    }
    free(ballots);
}

Test(bits, clear_padding_stays_clear)
{
    const uint64_t ballot[2] = {UINT64_MAX, 0x7};
    const uint64_t *const two[] = {ballot, ballot};
    uint64_t minus[2], tie[2];

    tally_bits_majority(two, 2, 2, minus, tie);
    cr_assert(eq(u64, minus[1], 0x7));
    cr_assert(eq(u64, tie[1], 0));
}

/* vote.c — majority vote over signs, one bit a coordinate, sharded.
 *
 *     s_r = sign(v_r)                each rank's ballot: one bit, set = negative
 *     a_i = sign(sum over r of s_r,i)
 *
 * The words of every span are dealt to the ranks: each rank sends every owner its
 * ballot on that owner's words, the owner counts and sends the verdict to all.
 *
 *     sent per rank and span: 2(n-1) * 8 * ceil(ceil(count / 64) / n) bytes, at most;
 *     1/32 of what an fp32 ring sends, up to padding, and it does not grow with n
 *
 * Bernstein, Zhao, Azizzadenesheli, Anandkumar, signSGD with Majority Vote is
 * Communication Efficient and Fault Tolerant, 2018, arXiv:1810.05291.  Departures:
 *   - the paper has one server count; its link carries n-1 ballots each way.  Here
 * every rank counts a shard, as the authors themselves suggest.
 *   - the released code packs zero and every tie as +1, which biases the step.  Here a
 *     zero ballot and a tie follow a stated policy:
 *         zero=coin   an own fair coin per rank, step and coordinate
 *         zero=plus   +1    zero=minus   -1
 *         zero=skip   no ballot; a second bit travels up
 *         tie=coin    a fair coin that all ranks share
 *         tie=plus    +1    tie=previous   the verdict of the step before, +1 at first
 *         tie=zero    the coordinate stays; a second bit travels down
 *     -0.0 is zero, and so is NaN: a rank that has lost its numbers does not decide.
 *
 * State: the verdict, one bit a coordinate, the same on every rank.  Momentum is not
 * here: it stays on the worker, in the rule (signum).  Bit-reproducible: integers only.
 */

#include "exchange/exchange.h"
#include "num/bits.h"
#include "num/random.h"

#include <stdlib.h>
#include <string.h>

typedef struct vote {
    int zero, tie;
} vote;

enum { ZERO_COIN, ZERO_PLUS, ZERO_MINUS, ZERO_SKIP };

enum { TIE_COIN, TIE_PLUS, TIE_PREVIOUS, TIE_ZERO };

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, vote, zero, "coin", "coin|plus|minus|skip",
                 "what a zero ballot says"),
    TALLY_OPTION(CHOICE, vote, tie, "coin", "coin|plus|previous|zero",
                 "what a tied vote becomes"),
    TALLY_END,
};

static const tally_slot slots[] = {
    {"verdict", TALLY_SHARED, TALLY_EACH_BIT},
    TALLY_END
};

/* One span under way. */
typedef struct ballot_box {
    tally_exchange *x;
    tally_sharded sharded;
    uint64_t step;
    uint64_t *up, *down; /* owned: what travels; NULL when a plane travels by itself */
    uint64_t *minus, *tie;          /* owned: the count of this rank's shard */
    const uint64_t **bits, **masks; /* owned: one pointer a rank */
} ballot_box;

typedef struct polls {
    ballot_box *boxes;
    uint64_t *bits; /* owned: this rank's ballot on every coordinate */
    uint64_t *mask; /* owned: which of them have a sign; NULL: zero is +1, bits clear */
    uint64_t *verdict; /* the state's */
    uint64_t *live;    /* owned: set = the verdict has a sign; NULL: all have */
    uint64_t coins;    /* the seed of this rank's coins for zeros */
} polls;

/* ---- the ballot ---- */

static void offer(tally_exchange *x, size_t k, tally_view *v)
{
    polls *p = x->inner;

    (void)k;
    v->bits = p->bits;
    v->mask = p->mask;
}

/* Gives the zeros of words [first, first + n) the sign that the policy says. */
static void settle_zeros(const tally_exchange *x, uint64_t step, size_t first, size_t n)
{
    const vote *o = x->options;
    const polls *p = x->inner;

    if (o->zero == ZERO_SKIP) return;
    for (size_t i = first; i < first + n; i++) {
        uint64_t zeros = ~p->mask[i];

        if (!zeros) continue;
        p->bits[i] |= zeros & (o->zero == ZERO_MINUS
                                   ? UINT64_MAX
                                   : tally_random(p->coins, TALLY_FOR_ZERO, step, i));
    }
}

/* Lays the ballot out as it travels with two planes: for each owner in turn its words
 * of signs, then its words of mask. */
static void interleave(const tally_exchange *x, const ballot_box *box, size_t first,
                       size_t words)
{
    const polls *p = x->inner;
    uint64_t *to = box->up;

    for (int r = 0; r < x->comm->size; r++) {
        tally_span s = tally_sharded_shard(r, x->comm->size, words);

        memcpy(to, p->bits + first + s.first, s.count * sizeof *to);
        memcpy(to + s.count, p->mask + first + s.first, s.count * sizeof *to);
        to += 2 * s.count;
    }
}

static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    polls *p = x->inner;
    ballot_box *box = &p->boxes[k];
    size_t first = x->plan[k].first / 64, words = tally_bits_words(x->plan[k].count);

    if (v.values && p->mask)
        tally_bits_pack_masked(v.values, x->plan[k], p->bits, p->mask);
    else if (v.values)
        tally_bits_pack(v.values, x->plan[k], p->bits);
    if (p->mask) settle_zeros(x, step, first, words);
    box->step = step;
    if (box->up) interleave(x, box, first, words);
    return tally_sharded_start(&box->sharded, box->up ? box->up : p->bits + first,
                               box->down ? box->down : p->verdict + first, words);
}

/* ---- the count, at the owner ---- */

/* minus: set where the ballots say so; tie: set where they balance. */
static void settle_ties(const ballot_box *box, size_t first, size_t words,
                        uint64_t *minus, const uint64_t *tie)
{
    const vote *o = box->x->options;
    const polls *p = box->x->inner;

    if (o->tie == TIE_PLUS || o->tie == TIE_ZERO) return; /* their bits are clear */
    for (size_t i = 0; i < words; i++) {
        if (!tie[i]) continue;
        minus[i] |=
            tie[i] & (o->tie == TIE_PREVIOUS ? p->verdict[first + i]
                                             : tally_random(box->x->seed, TALLY_FOR_TIE,
                                                            box->step, first + i));
    }
}

/* result: the words of the verdict; with tie=zero, then as many words of mask. */
static tally_status count_votes(void *context, const void *const *ballots, size_t first,
                                size_t units, void *result)
{
    ballot_box *box = context;
    const polls *p = box->x->inner;
    size_t n = (size_t)box->x->comm->size,
           from = box->x->plan[box - p->boxes].first / 64;
    uint64_t *minus = box->minus, *tie = box->tie, *verdict = result;

    for (size_t r = 0; r < n; r++) {
        box->bits[r] = ballots[r];
        box->masks[r] = box->bits[r] + units; /* read with two planes alone */
    }
    if (box->up)
        tally_bits_majority_masked(box->bits, box->masks, n, units, minus, tie);
    else
        tally_bits_majority(box->bits, n, units, minus, tie);
    settle_ties(box, from + first, units, minus, tie);
    memcpy(verdict, minus, units * sizeof *minus);
    for (size_t i = 0; box->down && i < units; i++)
        verdict[units + i] = ~tie[i];
    return TALLY_OK;
}

/* ---- the verdict ---- */

static void separate(const tally_exchange *x, const ballot_box *box, size_t first,
                     size_t words)
{
    const polls *p = x->inner;
    const uint64_t *from = box->down;

    for (int r = 0; r < x->comm->size; r++) {
        tally_span s = tally_sharded_shard(r, x->comm->size, words);

        memcpy(p->verdict + first + s.first, from, s.count * sizeof *from);
        memcpy(p->live + first + s.first, from + s.count, s.count * sizeof *from);
        from += 2 * s.count;
    }
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    polls *p = x->inner;
    ballot_box *box = &p->boxes[k];

    TALLY_TRY(tally_sharded_wait(&box->sharded));
    if (box->down)
        separate(x, box, x->plan[k].first / 64, tally_bits_words(x->plan[k].count));
    if (k + 1 == x->plan_count) tally_bits_trim(p->verdict, x->layout->length);
    *agreed = (tally_view){.bits = p->verdict, .mask = p->live, .scale = 1};
    return TALLY_OK;
}

/* ---- set-up ---- */

static size_t up_unit(const tally_exchange *x)
{
    const vote *o = x->options;

    return o->zero == ZERO_SKIP ? 16 : 8;
}

static size_t down_unit(const tally_exchange *x)
{
    const vote *o = x->options;

    return o->tie == TIE_ZERO ? 16 : 8;
}

static tally_status open_box(tally_exchange *x, size_t k)
{
    ballot_box *box = &((polls *)x->inner)->boxes[k];
    size_t words = tally_bits_words(x->plan[k].count), n = (size_t)x->comm->size;
    bool two_up = up_unit(x) == 16, two_down = down_unit(x) == 16;

    box->x = x;
    if (two_up) box->up = tally_allocate(words, 16);
    if (two_down) box->down = tally_allocate(words, 16);
    box->minus = tally_allocate((words + n - 1) / n, sizeof *box->minus);
    box->tie = tally_allocate((words + n - 1) / n, sizeof *box->tie);
    box->bits = calloc(n, sizeof *box->bits);
    box->masks = calloc(n, sizeof *box->masks);
    if ((two_up && !box->up) || (two_down && !box->down) || !box->minus || !box->tie ||
        !box->bits || !box->masks)
        return TALLY_FAIL(MEMORY, "no memory for %zu words of ballots", words);
    return tally_sharded_open(&box->sharded, x->comm, x->channel, (int)k, up_unit(x),
                              down_unit(x), words, count_votes, box);
}

static void close_box(ballot_box *box)
{
    tally_sharded_close(&box->sharded);
    free(box->up);
    free(box->down);
    free(box->minus);
    free(box->tie);
    free(box->bits);
    free(box->masks);
}

static tally_status open(tally_exchange *x)
{
    const vote *o = x->options;
    polls *p = calloc(1, sizeof *p);
    size_t words = tally_bits_words(x->layout->length);

    x->inner = p;
    if (!p) return TALLY_FAIL(MEMORY, "no memory for the vote");
    p->boxes = calloc(x->plan_count, sizeof *p->boxes);
    p->bits = tally_allocate(words, sizeof *p->bits);
    if (o->zero != ZERO_PLUS) p->mask = tally_allocate(words, sizeof *p->mask);
    if (o->tie == TIE_ZERO) p->live = tally_allocate(words, sizeof *p->live);
    if (!p->boxes || !p->bits || (o->zero != ZERO_PLUS && !p->mask) ||
        (o->tie == TIE_ZERO && !p->live))
        return TALLY_FAIL(MEMORY, "no memory for ballots on %zu weights",
                          x->layout->length);
    p->verdict = x->state.at[0];
    p->coins =
        tally_random(x->seed, TALLY_FOR_ZERO, UINT64_MAX, (uint64_t)x->comm->rank);
    for (size_t k = 0; k < x->plan_count; k++)
        TALLY_TRY(open_box(x, k));
    return TALLY_OK;
}

static uint64_t wire(const tally_exchange *x, size_t count)
{
    return tally_sharded_bytes(x->comm->rank, x->comm->size, tally_bits_words(count),
                               up_unit(x), down_unit(x));
}

static void close(tally_exchange *x)
{
    polls *p = x->inner;

    for (size_t k = 0; p && p->boxes && k < x->plan_count; k++)
        close_box(&p->boxes[k]);
    if (p) {
        free(p->boxes);
        free(p->bits);
        free(p->mask);
        free(p->live);
    }
    free(p);
}

const tally_exchange_ops tally_exchange_vote = {
    .about = {.name = "vote",
              .brief = "majority vote over signs, one bit a coordinate",
              .paper = "Bernstein et al. 2018, arXiv:1810.05291",
              .options = options,
              .options_size = sizeof(vote),
              .slots = slots},
    .form = TALLY_BITS,
    .open = open,
    .offer = offer,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};

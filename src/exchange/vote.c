/* vote.c — majority vote over signs, one bit a coordinate.
 *
 *     s_r = sign(v_r)                each rank's ballot: one bit, set = negative
 *     a_i = sign(sum over r of W_r s_r,i)                 W: weights, 1 unless given
 *
 * Who counts (form), for w = ceil(count / 64) words a span, n ranks:
 *
 *     sharded   the words are dealt to the ranks: each sends every owner its ballot on
 *               that owner's words, the owner counts and sends the verdict to all.
 *               2 (n-1) 8 ceil(w / n) bytes a rank at most: 1/32 of what an fp32 ring
 *               sends, up to padding, and it does not grow with n
 *     server    rank 0 counts all, as published: 8 w bytes from each other rank and
 *               8 w (n-1) from rank 0
 *     hier      the words are dealt inside each node; an owner adds up its node, sends
 *               the count (p bits a coordinate, no more than the node's weight needs)
 *               to those of its words in the other nodes, dealt once more, and the
 *               verdict comes back the same way.  A node's link carries (p+1) 8 w
 *               (k-1)/k bytes for k nodes, where sharded has 16 w m (k-1)/k with m
 *               ranks in a node.  Counts are whole numbers: the verdict is the same as
 *               that of the other forms, bit for bit
 *
 * Bernstein, Zhao, Azizzadenesheli, Anandkumar, signSGD with Majority Vote is
 * Communication Efficient and Fault Tolerant, 2018, arXiv:1810.05291.  Departures:
 *   - the paper has one server count; its link carries n-1 ballots each way.  Here
 * every rank counts a shard by default, as the authors themselves suggest.
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

#include "comm/nodes.h"
#include "exchange/exchange.h"
#include "exchange/vote_terms.h"
#include "num/bits.h"
#include "num/random.h"

#include <stdlib.h>
#include <string.h>

typedef struct vote {
    int form, zero, tie;
    tally_sizes weights;
} vote;

enum { SHARDED, SERVER, HIER };

static const uint64_t WEIGHT_MOST = UINT64_C(1) << 31; /* two of it fit a count */

enum { ZERO_COIN, ZERO_PLUS, ZERO_MINUS, ZERO_SKIP };

enum { TIE_COIN, TIE_PLUS, TIE_PREVIOUS, TIE_ZERO };

static const tally_option options[] = {
    TALLY_OPTION(
        CHOICE, vote, form, "sharded", "sharded|server|hier",
        "who counts: every rank a shard, rank 0, or nodes and then their sums"),
    TALLY_OPTION(CHOICE, vote, zero, "coin", "coin|plus|minus|skip",
                 "what a zero ballot says"),
    TALLY_OPTION(CHOICE, vote, tie, "coin", "coin|plus|previous|zero",
                 "what a tied vote becomes"),
    TALLY_OPTION(SIZES, vote, weights, "none", "[0, 1e9]",
                 "a weight for each rank's ballot, 2x1x1; none: all equal"),
    TALLY_END,
};

static const tally_slot slots[] = {
    {"verdict", TALLY_SHARED, TALLY_EACH_BIT},
    TALLY_END
};

/* One span under way. */
typedef struct ballot_box {
    tally_exchange *x;
    tally_sharded sharded; /* ballots to who counts them */
    tally_sharded across;  /* hier: counts of nodes to who adds them */
    uint64_t step;
    uint64_t *up, *down;   /* owned: what travels; NULL when a plane travels alone */
    uint64_t *counts;      /* owned: hier, what this rank has counted */
    size_t counted;        /* hier: the first word of that */
    uint64_t *minus, *tie; /* owned: the verdict on this rank's shard */
    const uint64_t **bits; /* owned: one pointer a rank */
    vote_terms terms;
} ballot_box;

typedef struct polls {
    ballot_box *boxes;
    uint64_t *bits; /* owned: this rank's ballot on every coordinate */
    uint64_t *mask; /* owned: which of them have a sign; NULL: zero is +1, bits clear */
    uint64_t *verdict; /* the state's */
    uint64_t *live;    /* owned: set = the verdict has a sign; NULL: all have */
    uint64_t coins;    /* the seed of this rank's coins for zeros */
    tally_group here;  /* who sends ballots to whom */
    tally_group there; /* hier: who sends counts to whom; size 0: not this rank */
    int *peers;        /* owned: the ranks of that */
    uint64_t all;      /* what a vote comes to at most: all weights, twice with masks */
    size_t planes;     /* hier: bits of the count of a node */
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

    for (int q = 0; q < p->here.owners; q++) {
        tally_span s = tally_sharded_shard(q, p->here.owners, words);

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

/* Writes what box->minus and box->tie say of words [first, first + words) of the vector
 * as it travels down: a word of signs each, with tie=zero then one of mask. */
static void declare(const ballot_box *box, size_t first, size_t words, uint64_t *result)
{
    uint64_t *minus = box->minus, *tie = box->tie;

    settle_ties(box, first, words, minus, tie);
    if (!box->down) memcpy(result, minus, words * sizeof *minus);
    for (size_t i = 0; box->down && i < words; i++) {
        result[2 * i] = minus[i];
        result[2 * i + 1] = ~tie[i];
    }
}

/* The ballots on words [s.first, s.first + s.count) of a shard of `units`. */
static void list_ballots(ballot_box *box, const void *const *ballots, size_t units,
                         tally_span s)
{
    const polls *p = box->x->inner;
    const tally_sizes *weights = &((const vote *)box->x->options)->weights;

    box->terms.count = 0;
    for (int q = 0; q < p->here.size; q++) {
        const uint64_t *bits = (const uint64_t *)ballots[q] + s.first;
        size_t rank = (size_t)(p->here.ranks ? p->here.ranks[q] : q);

        vote_terms_ballot(&box->terms, bits, box->up ? bits + units : NULL,
                          weights->count ? weights->at[rank] : 1);
    }
}

static size_t first_word(const ballot_box *box)
{
    const polls *p = box->x->inner;

    return box->x->plan[box - p->boxes].first / 64;
}

static tally_status count_votes(void *context, const void *const *ballots, size_t first,
                                size_t units, void *result)
{
    ballot_box *box = context;
    const polls *p = box->x->inner;
    size_t n = (size_t)p->here.size;

    if (p->all == n) { /* neither weights nor masks */
        for (size_t q = 0; q < n; q++)
            box->bits[q] = ballots[q];
        tally_bits_majority(box->bits, n, units, box->minus, box->tie);
    } else {
        list_ballots(box, ballots, units, (tally_span){0, units});
        tally_bits_weigh(box->terms.at, box->terms.count, units, p->all, box->minus,
                         box->tie);
    }
    declare(box, first_word(box) + first, units, result);
    return TALLY_OK;
}

/* ---- the count of a node, and of all nodes ---- */

/* Counts this node's votes, for each owner in turn all planes of its words, and sends
 * them across. */
static tally_status count_node(void *context, const void *const *ballots, size_t first,
                               size_t units, void *result)
{
    ballot_box *box = context;
    const polls *p = box->x->inner;

    for (int k = 0; k < p->there.owners; k++) {
        tally_span s = tally_sharded_shard(k, p->there.owners, units);

        list_ballots(box, ballots, units, s);
        tally_bits_sum(box->terms.at, box->terms.count, s.count, p->planes,
                       box->counts + s.first * p->planes);
    }
    box->counted = first_word(box) + first;
    return tally_sharded_start(&box->across, box->counts, result, units);
}

static tally_status add_nodes(void *context, const void *const *counts, size_t first,
                              size_t units, void *result)
{
    ballot_box *box = context;
    const polls *p = box->x->inner;

    box->terms.count = 0;
    for (int k = 0; k < p->there.size; k++)
        vote_terms_count(&box->terms, counts[k], units, p->planes);
    tally_bits_weigh(box->terms.at, box->terms.count, units, p->all, box->minus,
                     box->tie);
    declare(box, box->counted + first, units, result);
    return TALLY_OK;
}

/* ---- the verdict ---- */

static void separate(const polls *p, const uint64_t *pairs, size_t first, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        p->verdict[first + i] = pairs[2 * i];
        p->live[first + i] = pairs[2 * i + 1];
    }
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    polls *p = x->inner;
    ballot_box *box = &p->boxes[k];

    TALLY_TRY(tally_sharded_wait(&box->sharded));
    if (box->down)
        separate(p, box->down, first_word(box), tally_bits_words(x->plan[k].count));
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

/* The most words that this rank's shard of a span has. */
static size_t shard_words(const tally_exchange *x, size_t count)
{
    const polls *p = x->inner;

    return tally_sharded_shard(p->here.me, p->here.owners, tally_bits_words(count))
        .count;
}

static tally_status open_across(ballot_box *box, size_t k)
{
    tally_exchange *x = box->x;
    const polls *p = x->inner;
    size_t words = shard_words(x, x->plan[k].count);

    box->counts = tally_allocate(words, p->planes * sizeof *box->counts);
    if (!box->counts)
        return TALLY_FAIL(MEMORY, "no memory for %zu words of counts", words);
    box->sharded.after = &box->across.task;
    return tally_sharded_open_among(&box->across, x->comm, p->there, x->channel,
                                    (int)(x->plan_count + k), 8 * p->planes,
                                    down_unit(x), words, add_nodes, box);
}

static tally_status open_box(tally_exchange *x, size_t k)
{
    const polls *p = x->inner;
    const vote *o = x->options;
    ballot_box *box = &p->boxes[k];
    size_t words = tally_bits_words(x->plan[k].count),
           mine = shard_words(x, x->plan[k].count);
    bool two_up = up_unit(x) == 16, two_down = down_unit(x) == 16;

    box->x = x;
    if (two_up) box->up = tally_allocate(words, 16);
    if (two_down) box->down = tally_allocate(words, 16);
    box->minus = tally_allocate(mine, sizeof *box->minus);
    box->tie = tally_allocate(mine, sizeof *box->tie);
    box->bits = calloc((size_t)p->here.size, sizeof *box->bits);
    if ((two_up && !box->up) || (two_down && !box->down) || !box->minus || !box->tie ||
        !box->bits)
        return TALLY_FAIL(MEMORY, "no memory for %zu words of ballots", words);
    TALLY_TRY(vote_terms_open(&box->terms, &o->weights, p->here.size,
                              (size_t)p->there.size * p->planes));
    TALLY_TRY(tally_sharded_open_among(&box->sharded, x->comm, p->here, x->channel,
                                       (int)k, up_unit(x), down_unit(x), words,
                                       p->there.size ? count_node : count_votes, box));
    return p->there.size ? open_across(box, k) : TALLY_OK;
}

static void close_box(ballot_box *box)
{
    tally_sharded_close(&box->across);
    tally_sharded_close(&box->sharded);
    vote_terms_close(&box->terms);
    free(box->up);
    free(box->down);
    free(box->counts);
    free(box->minus);
    free(box->tie);
    free(box->bits);
}

/* What all ballots come to; those of a node at most in *node. */
static tally_status add_weights(const tally_exchange *x, uint64_t *total,
                                uint64_t *node)
{
    const tally_sizes *weights = &((const vote *)x->options)->weights;
    const tally_nodes *t = x->comm->topology;
    size_t n = (size_t)x->comm->size;

    *total = *node = 0;
    if (weights->count && weights->count != n)
        return TALLY_FAIL(OPTION, "exchange vote: %zu weights for %zu ranks",
                          weights->count, n);
    for (size_t r = 0; r < n; r++)
        *total += weights->count ? weights->at[r] : 1;
    if (*total == 0) return TALLY_FAIL(OPTION, "exchange vote: every weight is 0");
    if (*total > WEIGHT_MOST)
        return TALLY_FAIL(OPTION,
                          "exchange vote: the weights add up to %llu, at most %llu",
                          (unsigned long long)*total, (unsigned long long)WEIGHT_MOST);
    for (int k = 0; t && k < t->count; k++) {
        uint64_t sum = 0;

        for (int r = t->first[k]; r < t->first[k + 1]; r++)
            sum += weights->count ? weights->at[t->ranks[r]] : 1;
        if (sum > *node) *node = sum;
    }
    return TALLY_OK;
}

/* Ranks at one place of their nodes have the same words to count; a place that a node
 * lacks has none. */
static tally_status seat_nodes(tally_exchange *x)
{
    polls *p = x->inner;
    const tally_nodes *t = x->comm->topology;
    int node = t->node[x->comm->rank], place = t->place[x->comm->rank];

    p->here = (tally_group){.ranks = t->ranks + t->first[node],
                            .size = tally_nodes_width(t, node),
                            .me = place,
                            .owners = t->least};
    if (place >= t->least) return TALLY_OK;
    p->peers = calloc((size_t)t->count, sizeof *p->peers);
    if (!p->peers) return TALLY_FAIL(MEMORY, "no memory for %d nodes", t->count);
    for (int k = 0; k < t->count; k++)
        p->peers[k] = tally_nodes_rank(t, k, place);
    p->there = (tally_group){
        .ranks = p->peers, .size = t->count, .me = node, .owners = t->count};
    return TALLY_OK;
}

static tally_status seat(tally_exchange *x)
{
    const vote *o = x->options;
    polls *p = x->inner;
    uint64_t node;

    p->here = tally_group_all(x->comm);
    if (o->form == SERVER) p->here.owners = 1;
    if (o->form == HIER) {
        TALLY_TRY(tally_comm_explore(x->comm));
        TALLY_TRY(seat_nodes(x));
    }
    TALLY_TRY(add_weights(x, &p->all, &node));
    if (up_unit(x) == 16) {
        p->all *= 2;
        node *= 2;
    }
    p->planes = o->form == HIER ? tally_bits_planes(node) : 0;
    return TALLY_OK;
}

static tally_status open(tally_exchange *x)
{
    const vote *o = x->options;
    polls *p = calloc(1, sizeof *p);
    size_t words = tally_bits_words(x->layout->length);

    x->inner = p;
    if (!p) return TALLY_FAIL(MEMORY, "no memory for the vote");
    TALLY_TRY(seat(x));
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

/* A message about words of a span; some coordinates of the last one may not exist. */
static void bill_words(void *context, int to, tally_span words, uint64_t bytes)
{
    const tally_billed *of = context;
    uint64_t planes = bytes / 8 / words.count;
    tally_span about = {of->span.first + 64 * words.first, 64 * words.count};
    size_t end = of->bill->layout->length;

    if (about.first + about.count > end) about.count = end - about.first;
    tally_bill_add(of->bill, to, about,
                   (tally_bytes){.logical = about.count * sizeof(tally_real),
                                 .encoded = (about.count * planes + 7) / 8,
                                 .sent = bytes});
}

static void wire(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    const polls *p = x->inner;
    size_t words = tally_bits_words(x->plan[k].count);
    tally_span mine = tally_sharded_shard(p->here.me, p->here.owners, words);
    tally_billed span = {bill, x->plan[k], NULL}, shard = span;

    (void)step;
    tally_sharded_tell(p->here, words, up_unit(x), down_unit(x), bill_words, &span);
    if (!p->there.size) return;
    shard.span.first += 64 * mine.first;
    tally_sharded_tell(p->there, mine.count, 8 * p->planes, down_unit(x), bill_words,
                       &shard);
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
        free(p->peers);
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
    .bytes =
        "w = ceil(d / 64) words; u = 8 bytes a word up, 16 with zero=skip; v = 8 down,\n"
        "16 with tie=zero; s = words of the rank's own shard, ceil(w / owners) at most\n"
        "form=sharded  (w - s) u + (n - 1) s v, n owners: 1/32 of an fp32 ring\n"
        "form=server   w u from each worker; (n - 1) w v from rank 0, the only owner\n"
        "form=hier     (w - s) u + (m - 1) s v inside a node of m ranks, m owners;\n"
        "              8 p (s - t) + (k - 1) t v to the other k - 1 nodes, t = s / k,\n"
        "              p = bits of a node's greatest count",
    .form = TALLY_BITS,
    .open = open,
    .offer = offer,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};

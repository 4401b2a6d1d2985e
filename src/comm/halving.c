/* halving.c — all-reduce by recursive halving, then recursive doubling.
 *
 *     fold      the ranks beyond a power of two: each of the first `rest` pairs swaps
 *               halves and adds, then the odd rank hands its half to the even one
 *     halve     round j: swap halves of the span with the place 2^j away, add
 *     double    the same rounds backwards: swap finished spans
 *     unfold    each even rank of a pair sends all of v to its odd one
 *
 * Rabenseifner, Optimization of collective reduction operations, 2004.  When size is a
 * power of two each rank sends 2 (size-1)/size of v in only 2 log2 size messages.  A
 * value is added up at one rank in each round, so every rank ends with the same bits.
 */

#include "comm/move.h"

/* The ranks that remain after folding sit at places 0 .. 2^rounds - 1. */
typedef struct seating {
    int rounds; /* log2 of the places */
    int rest;   /* pairs that fold: ranks 0 .. 2 rest - 1 */
} seating;

static seating seat(int size)
{
    seating s = {0};

    while (2 << s.rounds <= size)
        s.rounds++;
    s.rest = size - (1 << s.rounds);
    return s;
}

static int rank_at(seating s, int place)
{
    return place < s.rest ? 2 * place : place + s.rest;
}

/* What a place is left with when it has halved the vector `times` times. */
static tally_span span_after(int place, size_t n, int times)
{
    tally_span s = {0, n};

    for (int j = 0; j < times; j++) {
        size_t lower = s.count / 2;

        if (place >> j & 1)
            s = (tally_span){s.first + lower, s.count - lower};
        else
            s.count = lower;
    }
    return s;
}

/* Phases 0 and 1 of a pair: swap halves; the odd rank hands its half over. */
static void fold(int rank, size_t n, int phase, tally_move *m)
{
    tally_span lower = {0, n / 2}, upper = {n / 2, n - n / 2};
    bool odd = rank & 1;

    m->to = m->from = rank ^ 1;
    m->add = phase == 0;
    if (phase == 0) {
        m->send = odd ? lower : upper;
        m->receive = odd ? upper : lower;
    } else if (odd) {
        m->send = upper;
    } else {
        m->receive = upper;
    }
}

static void unfold(int rank, size_t n, tally_move *m)
{
    tally_span all = {0, n};

    m->to = m->from = rank ^ 1;
    if (rank & 1)
        m->receive = all;
    else
        m->send = all;
}

/* Round j of halving (or of doubling) between two places. */
static void swap(seating s, int place, size_t n, int round, tally_move *m)
{
    int other = place ^ 1 << round;
    tally_span mine = span_after(place, n, round + 1);
    tally_span theirs = span_after(other, n, round + 1);

    m->to = m->from = rank_at(s, other);
    m->send = m->add ? theirs : mine;
    m->receive = m->add ? mine : theirs;
}

bool tally_halving_move(int rank, int size, size_t n, int phase, tally_move *m)
{
    seating s = seat(size);
    bool paired = rank < 2 * s.rest;
    int last = 2 + 2 * s.rounds;

    *m = (tally_move){.add = false};
    if (phase > last) return false;
    if (phase < 2 || phase == last) {
        if (paired && phase < 2) fold(rank, n, phase, m);
        if (paired && phase == last) unfold(rank, n, m);
        return true;
    }
    if (paired && rank & 1) return true; /* folded: waits for the end */
    int place = paired ? rank / 2 : rank - s.rest;
    int step = phase - 2;

    m->add = step < s.rounds;
    swap(s, place, n, m->add ? step : 2 * s.rounds - 1 - step, m);
    return true;
}

size_t tally_halving_scratch(int size, size_t n)
{
    return size > 1 ? n - n / 2 : 0;
}

/* replies.c — what a server sends its workers, and when.
 *
 *     may m start?  then   a note: version, ticket; the slice as it is now, or through
 *                          the codec; and receives for the push that it will answer
 *     all is over?  then   a note that says so, to all at once
 *
 * What a worker is sent is a copy, so the weights go on changing while it travels. */

#include "comm/comm.h"
#include "trainer/server/local.h"
#include "trainer/server/serve.h"

#include <string.h>

static tally_status expect_piece(tally_store *s, tally_seat *p, size_t k)
{
    tally_span piece = s->pieces[k];
    void *to = p->inbox + (piece.first - s->slice.first);

    if (s->coding.coded) to = p->coded + s->piece_at[k];
    return tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE), to,
                       tally_coding_push_most(&s->coding, piece.count), &p->pieces[k]);
}

static tally_status expect_push(tally_store *s, tally_seat *p)
{
    p->arrived = 0;
    p->finite = p->complete = true;
    p->garbled = false;
    for (size_t k = 0; k < p->piece_count; k++)
        TALLY_TRY(expect_piece(s, p, k));
    TALLY_TRY(tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PUSH),
                          &p->push, sizeof p->push, &p->note));
    return p->reply.remember ? tally_recall_expect(s, p) : TALLY_OK;
}

/* Workers go on from weights of their own, which are in p->sent already. */
static bool is_own(const tally_store *s)
{
    return s->consistency->local && s->consistency->local->own;
}

/* The first reply of a session through a codec: the weights, or what p knew of them
 * when the run was saved, and what it remembered. */
static tally_status fill_first(tally_store *s, tally_seat *p, const tally_real *at,
                               const void **message, size_t *bytes)
{
    tally_piece slice = {s->version, s->slice.first, s->slice.count};
    size_t whole = *bytes;
    bool answered;

    if (!tally_recall_load(s, p, &answered)) {
        memcpy(p->sent, at, whole);
        return TALLY_OK;
    }
    if (!answered)
        TALLY_TRY(
            tally_coding_reply(&s->coding, slice, at, p->sent, p->message, bytes));
    memcpy(p->message, p->sent, whole);
    if (p->left) memcpy(p->message + whole, p->left, whole);
    *message = p->message;
    *bytes = p->left ? 2 * whole : whole;
    return TALLY_OK;
}

/* Writes the weights for p, as they are or through the codec.  A rule with a place of
 * its own sends workers there. */
static tally_status fill_reply(tally_store *s, tally_seat *p, const void **message,
                               size_t *bytes)
{
    tally_step t = {.number = s->version + 1};
    tally_piece slice = {s->version, s->slice.first, s->slice.count};
    const tally_real *at;

    *message = p->sent;
    *bytes = s->slice.count * sizeof *p->sent;
    if (is_own(s) && p->knows) return TALLY_OK;
    if (p->holds == s->version && !s->coding.coded) return TALLY_OK;
    TALLY_TRY(tally_rule_place(&s->run->rule, &t, s->live, s->room, &at));
    at += s->slice.first;
    if (s->coding.coded && p->knows) {
        *message = p->message;
        return tally_coding_reply(&s->coding, slice, at, p->sent, p->message, bytes);
    }
    if (s->coding.coded) return fill_first(s, p, at, message, bytes);
    memcpy(p->sent, at, *bytes);
    return TALLY_OK;
}

static tally_status send_weights(tally_store *s, tally_seat *p)
{
    int tag = TALLY_TAG(TALLY_EXCHANGE, TAG_WEIGHTS);
    const void *message;
    size_t bytes;

    p->version = p->reply.version = s->version;
    p->reply.whole = !s->coding.coded || !p->knows;
    TALLY_TRY(fill_reply(s, p, &message, &bytes));
    if (p->near) {
        tally_near_tell();
        tally_count_written(s->run->comm, p->rank, tag, bytes);
    } else {
        TALLY_TRY(
            tally_isend(s->run->comm, p->rank, tag, message, bytes, &p->sends[0]));
    }
    p->knows = true;
    s->tale->bytes_replied += bytes;
    return TALLY_OK;
}

static tally_status send_reply(tally_store *s, tally_seat *p, bool end)
{
    p->reply = (tally_reply){.version = p->version,
                             .ticket = p->ticket,
                             .end = end,
                             .remember = end ? tally_recall_asks_at_the_end(s)
                                             : tally_recall_is_due(s, p->ticket),
                             .lost = (uint32_t)s->tale->lost};
    bool pulls = p->push.pulls || !p->knows;
    if (!end) TALLY_TRY(expect_push(s, p));
    if (!end && pulls) TALLY_TRY(send_weights(s, p));
    TALLY_TRY(tally_isend(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_REPLY),
                          &p->reply, sizeof p->reply, &p->sends[1]));
    p->presence = end ? GONE : WORKING;
    p->heard = tally_store_now(s);
    return TALLY_OK;
}

bool tally_store_coordinates(const tally_store *s)
{
    return s->index == 0;
}

bool tally_store_all_settled(const tally_store *s)
{
    return s->tickets.settled == s->tickets.end;
}

bool tally_store_anyone_works(const tally_store *s)
{
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence == WORKING) return true;
    return false;
}

static bool may_start(tally_store *s, tally_seat *p)
{
    bool over = tally_store_all_settled(s) || s->stopping;

    if (over && !tally_store_coordinates(s)) return true;
    return s->consistency->may_start(s, p) && tally_store_deal(s, p);
}

static tally_status reply(tally_store *s, tally_seat *p)
{
    bool over = tally_store_all_settled(s) || s->stopping;
    bool end = over && tally_store_coordinates(s);
    uint64_t slowest = tally_store_slowest(s);

    if (end ? tally_store_anyone_works(s) : !may_start(s, p)) return TALLY_OK;
    if (!end && p->clock > slowest && p->clock - slowest > s->tale->lead_most)
        s->tale->lead_most = p->clock - slowest;
    return send_reply(s, p, end);
}

tally_status tally_store_reply_to_all(tally_store *s)
{
    for (int m = 0; m < s->count; m++)
        if (s->seats[m].presence == PARKED) TALLY_TRY(reply(s, &s->seats[m]));
    return TALLY_OK;
}

/* pushes.c — what a server does with what a worker sends it: piece by piece, decoded
 * and looked at as it comes, then the whole push to the consistency, or refused. */

#include "base/status.h"
#include "comm/comm.h"
#include "trainer/report.h"
#include "trainer/server/near.h"
#include "trainer/server/serve.h"

tally_status tally_store_take_push(tally_store *s, tally_seat *p)
{
    const char *fault = tally_store_find_fault(s, p);

    TALLY_TRY(tally_arrivals_note(&s->arrivals, TALLY_PUSHED, (int)(p - s->seats)));
    for (int k = 0; k < 2; k++) /* long done: it was answered */
        TALLY_TRY(tally_wait(s->run->comm, &p->sends[k], NULL));
    p->presence = PARKED;
    p->ready = false;
    p->clock++;
    /* One that was given up with a loss, and came all the same, is not counted twice.
     */
    if (p->push.clock + 1 != p->taken) p->taken++;
    if (fault) {
        TALLY_TRY(tally_store_refuse(s, p, fault));
    } else {
        s->in_vain = 0;
        p->tale->computing = p->push.computing;
        p->tale->starved = p->push.starved;
        p->tale->waiting = p->push.waiting;
        p->tale->speed += (double)p->push.score.count;
        p->ticket = p->push.ticket;
        TALLY_TRY(s->consistency->arrive(s, p));
    }
    p->last = p->push.ticket;
    return tally_store_reply_to_all(s);
}

/* Bytes that the codec cannot have written are the worker's fault, not ours. */
static tally_status decode_piece(tally_store *s, tally_seat *p, size_t k, size_t bytes)
{
    tally_span piece = s->pieces[k];
    tally_status status = tally_codec_decode(
        &s->coding.up, (tally_piece){p->version, piece.first, piece.count},
        p->coded + s->piece_at[k], bytes, p->inbox + (piece.first - s->slice.first));

    if (status != TALLY_FORMAT) return status;
    p->garbled = true;
    tally_error_clear();
    return TALLY_OK;
}

tally_status tally_store_take_piece(tally_store *s, tally_seat *p, size_t bytes)
{
    size_t k = p->arrived++;
    tally_span piece = s->pieces[k];

    s->tale->bytes_pushed += bytes;
    if (s->coding.coded)
        TALLY_TRY(decode_piece(s, p, k, bytes));
    else if (bytes != piece.count * sizeof(tally_real))
        p->complete = false;
    if (!tally_all_finite(p->inbox + (piece.first - s->slice.first), piece.count))
        p->finite = false;
    return TALLY_OK;
}

void tally_store_look_at_all(tally_store *s, tally_seat *p)
{
    size_t bytes = s->slice.count * sizeof *p->inbox;

    tally_near_hear();
    tally_count_read(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE),
                     bytes);
    s->tale->bytes_pushed += bytes;
    p->finite = tally_all_finite(p->inbox, s->slice.count);
}

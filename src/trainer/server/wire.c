/* wire.c — room for a server's messages, and letting go of them. */

#include "trainer/server/serve.h"

#include <stdlib.h>

static tally_status open_lists(tally_store *s)
{
    struct tally_wire *w = calloc(1, sizeof *w);

    s->wire = w;
    if (!w) return TALLY_FAIL(MEMORY, "no memory for the messages of a server");
    w->watched = calloc(tally_store_watch_most(s), sizeof *w->watched);
    w->whose = calloc(tally_store_watch_most(s), sizeof *w->whose);
    w->step_out = calloc((size_t)s->servers, sizeof *w->step_out);
    w->steps_sent = calloc((size_t)s->servers, sizeof *w->steps_sent);
    w->loss_out = calloc((size_t)s->servers, sizeof *w->loss_out);
    w->losses_sent = calloc((size_t)s->servers, sizeof *w->losses_sent);
    if (!w->watched || !w->whose || !w->step_out || !w->steps_sent || !w->loss_out ||
        !w->losses_sent)
        return TALLY_FAIL(MEMORY, "no memory for the messages of a server");
    return TALLY_OK;
}

/* Room for messages, each on a cache line of its own. */
static size_t stride(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static tally_status open_coding(tally_store *s)
{
    size_t longest = 0, bytes = 0, reply = 0;

    for (size_t k = 0; k < s->piece_count; k++)
        if (s->pieces[k].count > longest) longest = s->pieces[k].count;
    TALLY_TRY(tally_coding_open(&s->coding, s->run, longest, s->slice.count));
    if (!s->coding.coded) return TALLY_OK;
    s->piece_at = calloc(s->piece_count + 1, sizeof *s->piece_at);
    if (!s->piece_at) return TALLY_FAIL(MEMORY, "no memory for a server's messages");
    for (size_t k = 0; k < s->piece_count; k++) {
        s->piece_at[k] = bytes;
        bytes += stride(tally_coding_push_most(&s->coding, s->pieces[k].count));
    }
    reply = tally_coding_reply_most(&s->coding, s->slice.count);
    bool remembers = tally_coding_remembers(&s->coding);
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];

        p->coded = tally_allocate(bytes + 1, 1);
        p->message = tally_allocate(reply + 1, 1);
        if (remembers) p->left = tally_allocate(s->slice.count + 1, sizeof *p->left);
        if (!p->coded || !p->message || (remembers && !p->left))
            return TALLY_FAIL(MEMORY, "no memory for the messages of %d workers",
                              s->count);
    }
    return TALLY_OK;
}

static void close_coding(tally_store *s)
{
    for (int m = 0; s->seats && m < s->count; m++) {
        free(s->seats[m].coded);
        free(s->seats[m].message);
        free(s->seats[m].left);
        s->seats[m].coded = s->seats[m].message = NULL;
        s->seats[m].left = NULL;
    }
    free(s->piece_at);
    s->piece_at = NULL;
    tally_coding_close(&s->coding);
}

tally_status tally_store_open_wire(tally_store *s)
{
    TALLY_TRY(open_lists(s));
    return open_coding(s);
}

static void hang_up_on(tally_comm *c, tally_seat *p)
{
    for (size_t k = 0; p->pieces && k < p->piece_count; k++)
        tally_abandon(c, &p->pieces[k]);
    tally_abandon(c, &p->note);
    tally_abandon(c, &p->left_in);
    tally_abandon(c, &p->beat_in);
    tally_abandon(c, &p->beat_out);
    for (int k = 0; k < 2; k++)
        tally_abandon(c, &p->sends[k]);
}

void tally_store_hang_up(tally_store *s)
{
    tally_comm *c = s->run ? s->run->comm : NULL;
    struct tally_wire *w = s->wire;

    if (!w) return;
    s->run->snapshot = s->run->breathe = NULL;
    for (int m = 0; m < s->count; m++)
        hang_up_on(c, &s->seats[m]);
    for (int r = 0; w->step_out && r < s->servers; r++)
        tally_abandon(c, &w->step_out[r]);
    for (int r = 0; w->loss_out && r < s->servers; r++)
        tally_abandon(c, &w->loss_out[r]);
    tally_abandon(c, &w->loss_in);
    tally_abandon(c, &w->step_in);
    close_coding(s);
    free(w->watched);
    free(w->whose);
    free(w->step_out);
    free(w->steps_sent);
    free(w->loss_out);
    free(w->losses_sent);
    free(w);
    s->wire = NULL;
}

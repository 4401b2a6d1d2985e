/* tickets.c — which batches of rows are still to be done.
 *
 * One bit per ticket says exactly which are settled, whatever the order: a gradient of
 * a worker that was thought lost may come after another worker has done its rows. */

#include "trainer/server/tickets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

tally_status tally_tickets_open(tally_tickets *t, uint64_t first, uint64_t end,
                                uint64_t turn, size_t room)
{
    *t = (tally_tickets){.first = first,
                         .end = end,
                         .turn = turn,
                         .next = first,
                         .settled = first,
                         .room = room};
    t->done = calloc((size_t)((end - first) / 64 + 1), sizeof *t->done);
    t->again = calloc(room + 1, sizeof *t->again);
    if (!t->done || !t->again)
        return TALLY_FAIL(MEMORY, "no memory for %llu batches",
                          (unsigned long long)(end - first));
    return TALLY_OK;
}

void tally_tickets_close(tally_tickets *t)
{
    free(t->done);
    free(t->again);
    *t = (tally_tickets){0};
}

bool tally_tickets_has(const tally_tickets *t, uint64_t ticket)
{
    return ticket >= t->first && ticket < t->end;
}

bool tally_tickets_settled(const tally_tickets *t, uint64_t ticket)
{
    uint64_t i = ticket - t->first;

    return (t->done[i / 64] >> i % 64 & 1) != 0;
}

/* Forgets what was settled since it was given back. */
static void tidy(tally_tickets *t)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->again_count; i++)
        if (!tally_tickets_settled(t, t->again[i])) t->again[kept++] = t->again[i];
    t->again_count = kept;
}

bool tally_tickets_deal_again(tally_tickets *t, uint64_t *ticket)
{
    tidy(t);
    if (t->again_count == 0) return false;
    *ticket = t->again[0];
    t->again_count--;
    memmove(t->again, t->again + 1, t->again_count * sizeof *t->again);
    return true;
}

bool tally_tickets_deal(tally_tickets *t, uint64_t *ticket)
{
    if (tally_tickets_deal_again(t, ticket)) return true;
    if (t->next == t->end) return false;
    *ticket = t->next;
    t->next = t->end - t->next < t->turn ? t->end : t->next + t->turn;
    return true;
}

void tally_tickets_give_back(tally_tickets *t, uint64_t ticket)
{
    tidy(t);
    if (tally_tickets_settled(t, ticket)) return;
    for (size_t i = 0; i < t->again_count; i++)
        if (t->again[i] == ticket) return;
    assert(t->again_count < t->room);
    t->again[t->again_count++] = ticket;
}

bool tally_tickets_settle(tally_tickets *t, uint64_t ticket)
{
    uint64_t left = t->end - ticket, n = left < t->turn ? left : t->turn;

    if (tally_tickets_settled(t, ticket)) return false;
    for (uint64_t i = ticket - t->first; n > 0; i++, n--)
        t->done[i / 64] |= (uint64_t)1 << i % 64, t->settled++;
    return true;
}

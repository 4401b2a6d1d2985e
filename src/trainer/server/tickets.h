/* tickets.h — which batches of rows are still to be done.
 *
 * Ticket k is part k % parts of step k / parts.  Each counts once: it is dealt, perhaps
 * again when its worker is lost, and settled by the first gradient that comes of it. */

#ifndef TALLY_TRAINER_SERVER_TICKETS_H
#define TALLY_TRAINER_SERVER_TICKETS_H

#include "tally/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tally_tickets {
    uint64_t first, end; /* tickets [first, end) */
    uint64_t turn;       /* so many are dealt together, less at the end, as the first */
    uint64_t next;       /* the lowest that was never dealt */
    uint64_t settled;    /* first + how many are settled: end once all are */
    uint64_t *done;      /* owned: one bit a ticket */
    uint64_t *again;     /* owned: given back, not dealt again yet */
    size_t again_count, room;
} tally_tickets;

/* turn: how many are dealt together.  room: how many turns may be given back at a time.
 * Returns TALLY_MEMORY. */
tally_status tally_tickets_open(tally_tickets *t, uint64_t first, uint64_t end,
                                uint64_t turn, size_t room);
void tally_tickets_close(tally_tickets *t);

/* Deals one turn: what was given back first.  False: none is left to deal. */
bool tally_tickets_deal(tally_tickets *t, uint64_t *ticket);

/* Deals one of the turns given back alone. */
bool tally_tickets_deal_again(tally_tickets *t, uint64_t *ticket);

/* Its worker is lost: to be dealt again, unless it is settled. */
void tally_tickets_give_back(tally_tickets *t, uint64_t ticket);

bool tally_tickets_has(const tally_tickets *t, uint64_t ticket);

/* The rest is for tickets that it has. */
bool tally_tickets_settled(const tally_tickets *t, uint64_t ticket);

/* Settles a turn by its first ticket.  False: it was settled before. */
bool tally_tickets_settle(tally_tickets *t, uint64_t ticket);

#endif

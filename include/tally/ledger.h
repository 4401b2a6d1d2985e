/* ledger.h — what ranks say to one another, in bytes: by tensor, and by what lies
 * between the ranks.
 *
 * Three figures of a message:
 *
 *     logical   the values that it is about, as they are in memory
 *     encoded   what those take in the code of the exchange: a bit each in a vote
 *     sent      what the comm is handed: with padding, and with what is about no value
 *
 * An exchange says beforehand, message by message, what a rank will send: that fills a
 * bill.  The comm counts what was sent (tally_meter).  A ledger holds both. */

#ifndef TALLY_LEDGER_H
#define TALLY_LEDGER_H

#include "tally/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally_bytes {
    uint64_t logical, encoded, sent;
} tally_bytes;

/* What a rank will send.  All pointers borrowed; each: a row a tensor, NULL when the
 * sums are enough. */
typedef struct tally_bill {
    const tally_comm *comm;
    const tally_layout *layout;
    uint64_t times; /* how often each message that is added is sent */
    tally_bytes sum[TALLY_LINKS], (*each)[TALLY_LINKS];
} tally_bill;

/* A message to rank `to` about these coordinates.  Its bytes are divided among their
 * tensors in proportion, in whole bytes that add up.  Local. */
TALLY_API void tally_bill_add(tally_bill *bill, int to, tally_span about,
                              tally_bytes bytes);

/* What a tally_teller (collective.h) needs to know to bill a collective. */
typedef struct tally_billed {
    tally_bill *bill;
    tally_span span;   /* what the collective is about */
    const void *owner; /* for tellers of your own */
} tally_billed;

/* The teller of a collective that moves values as they are; context: tally_billed. */
TALLY_API void tally_bill_values(void *context, int to, tally_span about,
                                 uint64_t bytes);

/* How what was predicted stands to what was counted. */
typedef enum tally_certainty {
    TALLY_EXACT,    /* equal: every message is ours */
    TALLY_MODELLED, /* nothing is seen of what moves (the library's own sums, memory
                       that ranks share): both are a ring's */
    TALLY_AT_MOST   /* a codec whose messages are as long as the values make them */
} tally_certainty;

/* "exact", "modelled", "at most". */
TALLY_API const char *tally_certainty_name(tally_certainty certainty);

typedef struct tally_entry {
    uint64_t logical, encoded; /* of what was counted */
    uint64_t predicted, counted;
} tally_entry;

typedef struct tally_ledger {
    tally_certainty certainty;
    size_t count;                   /* tensors; 0: there is no ledger */
    tally_entry (*at)[TALLY_LINKS]; /* owned; a row a tensor */
} tally_ledger;

/* Rank 0's becomes the sum over ranks.  Collective. */
TALLY_API tally_status tally_ledger_gather(tally_ledger *ledger, tally_comm *c);
TALLY_API tally_entry tally_ledger_sum(const tally_ledger *ledger, tally_link link);
TALLY_API void tally_ledger_close(tally_ledger *ledger);

#ifdef __cplusplus
}
#endif
#endif

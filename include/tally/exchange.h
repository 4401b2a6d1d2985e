/* exchange.h — how every rank's vector becomes the one they agree on.
 *
 * The vector is cut into spans that are known from the start (the plan).  Each is
 * started when the backward pass has finished it and finished when its result is
 * needed; in between, tally_poll(comm) makes progress.  An exchange sees the layout,
 * never a model. */

#ifndef TALLY_EXCHANGE_H
#define TALLY_EXCHANGE_H

#include "tally/aggregate.h"
#include "tally/codec.h"
#include "tally/collective.h"
#include "tally/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tally_form {
    TALLY_NUMBERS, /* views hold values */
    TALLY_BITS     /* views may hold bits: proposals are packed where they are made */
} tally_form;

typedef struct tally_exchange tally_exchange;

typedef struct tally_exchange_ops {
    tally_about about;
    const char *bytes; /* what a rank sends for d values among n ranks, as a formula for
                          people; lines end in \n, but for the last */
    tally_form form;
    bool whole; /* needs every span at once: its plan is one span */
    bool codes; /* uses x->codec and x->aggregate */
    tally_status (*open)(tally_exchange *x);
    /* Gives the rule's propose somewhere to write: sets v->bits (and mask) for span k.
     * Optional; without it proposals are numbers. */
    void (*offer)(tally_exchange *x, size_t k, tally_view *v);
    /* Starts span k; may return before it is done.  v's memory stays untouched until
     * finish.  All ranks start the same spans in the same order. */
    tally_status (*start)(tally_exchange *x, size_t k, uint64_t step, tally_view v);
    tally_status (*finish)(tally_exchange *x, size_t k, tally_view *agreed);
    /* Optional, read when x->in_place is set: where the next vector is to be written,
     * so that start need not copy it; NULL: anywhere.  Waits until the others have read
     * what was agreed before.  Once before the first start of a step.  Collective. */
    tally_status (*room)(tally_exchange *x, tally_real **v);
    /* With room: once span k is finished, the front part of `left` (inside the span)
     * that lies in one place; *agreed views it. */
    tally_span (*part)(const tally_exchange *x, size_t k, tally_span left,
                       tally_view *agreed);
    /* Adds every message that this rank sends for span k at a step to the bill.  Those
     * of span k go by collectives of x->channel whose number is k modulo plan_count.
     * What cannot be said exactly says so in x->certainty. */
    void (*wire)(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill);
    void (*close)(tally_exchange *x);
} tally_exchange_ops;

struct tally_exchange {
    /* Set by the user before open, borrowed; NULL: fp32 and mean. */
    const char *codec, *aggregate;
    /* Likewise: every vector will be written where `room` says, and what is agreed will
     * be read part by part (tally_exchange_part). */
    bool in_place;

    const tally_exchange_ops *ops;
    void *options;              /* owned */
    tally_comm *comm;           /* borrowed */
    const tally_layout *layout; /* borrowed */
    const tally_span *plan;     /* borrowed: they tile the vector */
    size_t plan_count;
    uint64_t seed;
    double rate; /* of the step under way, set by the trainer; 0: not known.  Error
                    memory is kept in units of updates, so that a changing rate does
                    not rescale it */
    tally_channel channel;
    tally_state state;
    tally_aggregate aggregator;       /* of an exchange that has one; else zeroed */
    tally_certainty certainty;        /* of wire */
    uint64_t settled;                 /* from this step on wire says the same */
    uint64_t (*counted)[TALLY_LINKS]; /* owned: bytes sent, of each span */
    /* Optional, for attacks: may spoil an encoded message on its way out. */
    void (*tamper)(void *context, uint64_t step, void *bytes, size_t size);
    void *tamper_context;
    void *inner;
};

extern TALLY_API const tally_family tally_exchange_family;
TALLY_API tally_status tally_register_exchange(const tally_exchange_ops *ops);

/* spec: "vote:tie=coin".  x: zeroed, but for codec, aggregate, in_place and tamper. The
 * plan must tile [0, layout->length); every span but the last ends on a multiple of 64.
 * Collective. */
TALLY_API tally_status tally_exchange_open(tally_exchange *x, const char *spec,
                                           tally_comm *comm, const tally_layout *layout,
                                           const tally_span *plan, size_t plan_count,
                                           uint64_t seed);
TALLY_API void tally_exchange_close(tally_exchange *x);

/* Whether it wants the whole vector as one span: by itself, or for its aggregate. */
TALLY_API tally_status tally_exchange_is_whole(const char *spec, const char *aggregate,
                                               bool *whole);

/* One whole vector, blocking: propose-free, for tests and programs.  v: the flat
 * vector; on return it holds what was agreed, as numbers.  Collective. */
TALLY_API tally_status tally_exchange_all(tally_exchange *x, uint64_t step,
                                          tally_real *v);

/* ops->room, or NULL where there is none.  Collective. */
TALLY_API tally_status tally_exchange_room(tally_exchange *x, tally_real **v);

/* ops->part, or all that is left where there is none; agreed: in, what finish gave. */
TALLY_API tally_span tally_exchange_part(const tally_exchange *x, size_t k,
                                         tally_span left, tally_view *agreed);

/* Writes the span of a view into v as numbers; nothing when they are there already. */
TALLY_API void tally_view_numbers(tally_view view, tally_span s, tally_real *v);

/* Bytes this rank sends at a step for the whole plan, as wire says. */
TALLY_API uint64_t tally_exchange_wire(const tally_exchange *x, uint64_t step);

/* This rank's ledger, when all that was exchanged since open were steps [from, to), of
 * which from < settled stands for all below it.  *ledger is closed by the caller, also
 * after TALLY_MEMORY.  Local. */
TALLY_API tally_status tally_exchange_ledger(const tally_exchange *x, uint64_t from,
                                             uint64_t to, tally_ledger *ledger);

#ifdef __cplusplus
}
#endif
#endif

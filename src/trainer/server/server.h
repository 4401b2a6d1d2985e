/* server.h — the parameter server: options, messages, and what its files share.
 *
 *     worker m                                  server s, one slice of w
 *     wait for weights and a ticket     <----   weights, version, ticket
 *     g <- gradient at them
 *     push g, piece by piece, and a note ---->  arrive: w moved by g, kept, or dropped
 *                                               may m start?  then reply, else later
 *
 * A ticket names a batch of rows: (step, part).  Server 0 deals the tickets, so rows
 * are not bound to workers: who is fast takes more, and what a lost worker held is
 * dealt again. */

#ifndef TALLY_TRAINER_SERVER_SERVER_H
#define TALLY_TRAINER_SERVER_SERVER_H

#include "trainer/server/arrivals.h"
#include "trainer/server/coding.h"
#include "trainer/server/near.h"
#include "trainer/server/tickets.h"
#include "trainer/trainer.h"

typedef struct tally_server { /* options of the trainer */
    char *servers;            /* a number of ranks that only serve, or "all" */
    double flops, nap;
    int near; /* near.c */
    int damp; /* staleness.c */
    double power;
    uint64_t after;
    int compensate; /* compensate.c */
    double lambda, keep;
    char *record, *replay; /* arrivals.c */
} tally_server;

enum { /* numbers of the channels exchange and control */
       TAG_PIECE,
       TAG_PUSH,
       TAG_WEIGHTS,
       TAG_REPLY,
       TAG_MEMORY,
       TAG_BEAT = 100,
       TAG_STEP,
       TAG_LOSS
};

/* Gradients refused in a row, for each worker, by which a run has diverged. */
enum { REFUSALS_MOST = 8 };

/* Follows the pieces of a push. */
typedef struct tally_push {
    uint64_t layout;  /* its hash: both sides speak of the same slice */
    uint64_t clock;   /* pushes of this worker before */
    uint64_t ticket;  /* the rows */
    uint64_t version; /* of the weights that the gradient was taken at */
    uint32_t pulls;   /* weights are to come with the reply */
    tally_score score;
    double computing, starved, waiting; /* seconds so far */
} tally_push;

typedef struct tally_reply {
    uint64_t version, ticket;
    uint32_t end;   /* no weights follow: there is nothing left to do */
    uint32_t whole; /* the weights as they are, whatever the codec; then, perhaps, what
                       the worker remembered */
    uint32_t remember; /* say with the next push, or now that all ends, what pushes left
                          out */
    uint32_t lost;     /* ranks that are gone */
} tally_reply;

/* Cuts the vector into slices of nearly the same length that start on multiples of 64,
 * and where a tensor starts if one does within a twentieth of a slice. */
void tally_slices(const tally_layout *layout, int servers, tally_span *slices);

/* What of a plan falls into a slice, last first: how a gradient leaves its worker.
 * pieces: room for plan_count entries; returns how many there are. */
size_t tally_slice_pieces(const tally_span *plan, size_t plan_count, tally_span slice,
                          tally_span *pieces);

/* ---- a server ---- */

typedef struct tally_store tally_store;
typedef struct tally_seat tally_seat;
typedef struct tally_local_ops tally_local_ops;

/* What a worker waits for.  `arrive` has a whole push of p, in p->inbox, and applies
 * it, keeps it or drops it; `may_start` says whether p may take the next ticket. */
typedef struct tally_consistency_ops {
    tally_about about;
    /* Optional: options that make it another member. */
    const struct tally_consistency_ops *(*becomes)(const void *chosen);
    tally_status (*check)(const tally_run *run); /* optional: what it cannot go with */
    tally_status (*train)(tally_run *run);       /* optional: there are no servers, and
                                                    the rest of this table is not read */
    const tally_local_ops *local; /* workers take several gradients a push: local.h;
                                     NULL: one */
    /* How many gradients of a step become one update; NULL: each is one of its own. */
    int (*need)(const tally_store *s);
    tally_status (*arrive)(tally_store *s, tally_seat *p);
    bool (*may_start)(const tally_store *s, const tally_seat *p);
} tally_consistency_ops;

#define CONSISTENCY(name) extern const tally_consistency_ops tally_consistency_##name;
#include "trainer/server/list.def"
#undef CONSISTENCY

const tally_consistency_ops *tally_consistency_of(const tally_run *run);

typedef enum tally_presence {
    WORKING, /* it has weights and a ticket */
    PARKED,  /* it waits for a reply */
    LOST,    /* it was silent for too long */
    GONE     /* it was told that all is done */
} tally_presence;

/* A worker as a server sees it. */
struct tally_seat {
    int rank; /* of the comm */
    tally_presence presence;
    uint64_t clock;   /* pushes of it that were taken in; more once it came back */
    uint64_t taken;   /* pushes of it that were taken in */
    uint64_t last;    /* the ticket of the last of those */
    uint64_t ticket;  /* what it works on, or did last */
    uint64_t dealt;   /* steps of which it was dealt its own part; gathering alone */
    uint64_t version; /* of the weights it was sent last */
    uint64_t holds;   /* version of the weights in `sent` */
    /* Its gradient, and the weights as it knows them, of the slice: owned unless near,
     * in memory that it shares with us then. */
    tally_real *inbox, *sent;
    bool near;
    bool knows;                     /* it was sent weights in this session */
    unsigned char *coded, *message; /* owned: its push and its reply through the codec;
                                       NULL: not coded */
    tally_push push;
    tally_reply reply;
    tally_request *pieces; /* owned: one per piece */
    size_t piece_count;    /* that its push has: none when near */
    size_t arrived;        /* of those so far */
    bool finite, complete; /* of those pieces */
    bool garbled;          /* one of them is nothing that the codec writes */
    tally_real *left;      /* owned: what its pushes left out, of the slice; NULL: not
                              asked for */
    tally_request left_in;
    bool left_due, left_good; /* it is on its way; it is that after its last push */
    bool ready;               /* a whole push waits for its turn in a replay */
    tally_request note, sends[2], beat_in, beat_out;
    double heard; /* when it spoke last */
    tally_worker_tale *tale;
};

enum { SCORES_KEPT = 256 };

struct tally_store {
    tally_run *run;
    const tally_consistency_ops *consistency;
    const tally_near *near; /* borrowed */
    int servers, index;     /* this one serves slice `index` */
    tally_span *slices;     /* owned: of all servers */
    tally_span slice;
    tally_span *pieces; /* owned: of the slice, in the order they come */
    size_t *piece_at;   /* owned: beside it, where its message is in `coded` */
    size_t piece_count;
    tally_coding coding;
    tally_real *live; /* owned: the weights, at their places; only the slice counts */
    tally_real *room; /* owned: as long */
    uint64_t version; /* updates of the slice so far */
    tally_tickets tickets;
    tally_arrivals arrivals;
    tally_seat *seats; /* owned: one per worker */
    int count;
    /* Gradients of the present step, by part; gathering alone. */
    tally_real **part; /* owned: count of them, of the slice */
    bool *has;         /* owned */
    int have;
    tally_score scores[SCORES_KEPT]; /* of steps not yet reported, by step */
    tally_score *part_score;         /* owned: by part */
    tally_tale *tale;                /* borrowed: of run->result */
    uint64_t in_vain;                /* pushes refused in a row */
    uint64_t first_step;             /* of this session */
    double begun, idle, beaten;      /* beaten: the last heartbeat */
    bool stopping, reporting;
    struct tally_wire *wire; /* owned: serve.c's */
};

/* The step whose tickets are dealt now, from 0. */
uint64_t tally_store_step(const tally_store *s);

/* The lowest clock among workers that are not lost. */
uint64_t tally_store_slowest(const tally_store *s);

/* w <- w moved by p's gradient alone. */
tally_status tally_store_apply(tally_store *s, tally_seat *p);

/* Keeps p's gradient as that of its part of the present step, and drops it when that is
 * over.  Once the parts that the consistency needs are there, adds them in the order of
 * the parts, times all parts / those needed, and applies the sum: the step is done. */
tally_status tally_store_gather(tally_store *s, tally_seat *p);
tally_status tally_store_gather_nothing(tally_store *s, tally_seat *p); /* a zero */

/* Whether p has something to do in a step whose gradients are gathered: its own part,
 * or that of a worker that is lost. */
bool tally_store_has_part(const tally_store *s, const tally_seat *p);

/* Counts p's push as an update of the weights: version, rows, loss, staleness. */
void tally_store_count(tally_store *s, tally_seat *p);

/* Counts p's gradient as come too late. */
void tally_store_drop(tally_store *s, tally_seat *p);

tally_status tally_store_open(tally_store *s, tally_run *run, const tally_near *near);
void tally_store_close(tally_store *s);

/* Deals p a ticket.  False: there is none for it now.  Of gathered gradients every
 * server knows who gets which; else server 0 deals, and the others have no say. */
bool tally_store_deal(tally_store *s, tally_seat *p);

/* What the rate of a gradient of staleness tau is multiplied by. */
double tally_staleness_factor(const tally_server *o, uint64_t tau);

/* p->inbox <- what p's gradient would be at the weights as they are now.  `adapts`: it
 * needs a mean square of each weight, the last slot of run->trainer_state. */
bool tally_compensate_adapts(const tally_server *o);
void tally_compensate(tally_store *s, tally_seat *p);

/* Opens run->trainer_state: what codecs remember, and what compensate=adaptive does. */
tally_status tally_recall_open(tally_run *run);

/* Workers that are not lost. */
int tally_store_present(const tally_store *s);

/* p was silent for too long; p speaks again. */
void tally_store_lose(tally_store *s, tally_seat *p);
void tally_store_welcome(tally_store *s, tally_seat *p);

/* ---- its messages: serve.c ---- */

/* Sends the first replies; serves until all is done, and returns TALLY_STOPPED after a
 * signal; ends with run->w as it is now, on all holders; lets go of all messages. */
tally_status tally_store_start(tally_store *s);
tally_status tally_store_serve(tally_store *s);
tally_status tally_store_finish(tally_store *s);
void tally_store_hang_up(tally_store *s);

/* For a rank that works too: what the server waits for, written to list; what to do
 * when entry `which` of those is done; and what is due by the clock.  `steps`: whether
 * steps may be reported now, which takes the objective.  poll takes all that has come
 * in, without waiting. */
size_t tally_store_watch(tally_store *s, tally_request **list);
size_t tally_store_watch_most(const tally_store *s);
tally_status tally_store_take(tally_store *s, size_t which, const tally_note *what);
tally_status tally_store_tick(tally_store *s, bool steps);
tally_status tally_store_poll(tally_store *s);

/* ---- the tale: tale.c ---- */

/* Room for run->result.tale, and telling it on rank 0. */
tally_status tally_tale_open(tally_run *run);
tally_status tally_tale_tell(const tally_run *run);

/* What came of it, into run->result, and told.  Collective over the holders. */
tally_status tally_store_sum_up(tally_store *s, double seconds);

/* ---- a worker: worker.c ---- */

/* The batch of a ticket: rows is room for it.  Gathered gradients add up to the mean of
 * the step; others are means of their own. */
tally_samples tally_ticket_samples(tally_run *run, uint64_t ticket, uint64_t *rows);

/* Works until told that all is done.  own: the server on this rank, or NULL. */
tally_status tally_work(tally_run *run, const tally_near *near, tally_store *own);

#endif

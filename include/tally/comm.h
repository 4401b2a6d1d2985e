/* comm.h — ranks that send messages to each other.
 *
 * Three members, one behaviour: `self` (one process, no MPI needed), `sim` (ranks as
 * threads under a virtual clock, of which exactly one runs at a time) and `mpi`.  All
 * code above is written once over the calls of this header.
 *
 * Threads: a comm is used by one thread at a time (MPI_THREAD_SERIALIZED for mpi).  An
 * mpi comm of several hosts has a thread of its own, which advances collectives while
 * the rank computes; it lets nobody else into MPI meanwhile but calls of this header.
 */

#ifndef TALLY_COMM_H
#define TALLY_COMM_H

#include "tally/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TALLY_ANY = -1 }; /* a receive from whoever sends first */

/* What a message is for; traffic is counted for each apart, and tags of two channels
 * cannot collide. */
typedef enum tally_channel {
    TALLY_CONTROL,  /* agreement, scores, barriers */
    TALLY_EXCHANGE, /* gradients */
    TALLY_MIX,      /* weights */
    TALLY_STATE,    /* initial weights, checkpoints */
    TALLY_USER,     /* for programs that link the library */
    TALLY_CHANNELS
} tally_channel;

#define TALLY_TAG(channel, number)                                                     \
    ((int)(channel)*4096 + (int)(number)) /* number < 4096 */

typedef struct tally_traffic {
    uint64_t bytes_sent, messages_sent, bytes_received, messages_received;
    uint64_t sent_away, received_away; /* of which: bytes to and from other nodes */
} tally_traffic;

/* What lies between two ranks. */
typedef enum tally_link {
    TALLY_NEAR, /* nothing: they are on the same node */
    TALLY_AWAY, /* a network */
    TALLY_LINKS
} tally_link;

/* Bytes sent on one channel, apart by link and by the number in their tag
 * (TALLY_TAG(channel, 2 number) and the next): that of number i is at i % count. */
typedef struct tally_meter {
    size_t count;                  /* 0: nobody reads it */
    uint64_t (*sent)[TALLY_LINKS]; /* whoever set it up owns it */
} tally_meter;

typedef struct tally_note { /* what a finished receive was; of a send: its own arguments
                             */
    int peer, tag;
    size_t bytes;
} tally_note;

/* A message under way.  Zero-initialise; inactive again once test or wait_some has said
 * that it is done.  The buffer must stay untouched while it is active. */
typedef struct tally_request {
    bool active, is_receive;
    int peer, tag;
    size_t bytes;     /* of a receive: its room, and once it is done what came */
    uint64_t room[4]; /* the member's own */
} tally_request;

typedef struct tally_comm tally_comm;
typedef struct tally_window tally_window;
typedef struct tally_task tally_task;

/* What runs once per rank. */
typedef tally_status (*tally_body)(tally_comm *comm, void *context);

typedef struct tally_comm_ops {
    tally_about about;
    /* Starts the ranks that live in this process and runs body in each; returns the
     * first bad status.  Collective over the job. */
    tally_status (*launch)(const void *options, tally_body body, void *context);
    tally_status (*isend)(tally_comm *c, int to, int tag, const void *p, size_t n,
                          tally_request *r);
    tally_status (*irecv)(tally_comm *c, int from, int tag, void *p, size_t most,
                          tally_request *r);
    tally_status (*test)(tally_comm *c, tally_request *r, bool *done, tally_note *note);
    /* Blocks until one of r[0..n) is done or now() reaches deadline (seconds; INFINITY:
     * never).  *which = its index, or -1 at the deadline.  Inactive entries are
     * skipped; with none active: TALLY_OK and -1 at once. */
    tally_status (*wait_some)(tally_comm *c, tally_request *const *r, size_t n,
                              double deadline, int *which, tally_note *note);
    void (*abandon)(tally_comm *c, tally_request *r); /* its peer is gone: forget it */
    /* Optional: the library's own all-reduce of v in place, not blocking. */
    tally_status (*isum)(tally_comm *c, tally_real *v, size_t n, tally_request *r);
    tally_status (*split)(tally_comm *c, int color, int key, tally_comm **sub);
    tally_status (*share)(tally_comm *c, size_t bytes, tally_window **w);
    void (*unshare)(tally_comm *c, tally_window *w);
    /* The `host` of a rank, local.  Optional: they are all on one. */
    int (*host_of)(const tally_comm *c, int rank);
    void (*poll)(tally_comm *c); /* optional: make progress */
    void (*spend)(tally_comm *c,
                  double seconds);          /* optional; sim: charge declared work */
    void (*abort)(tally_comm *c, int code); /* ends all ranks; may not return */
    double (*now)(tally_comm *c);           /* seconds; sim: the virtual clock */
    void (*close)(tally_comm *c);           /* of a split comm */
} tally_comm_ops;

struct tally_comm {
    const tally_comm_ops *ops;
    const void *options; /* borrowed from launch */
    int rank, size;
    int node_rank, node_size; /* among the ranks that share this machine's memory */
    int nodes;                /* machines that the ranks are on */
    int host; /* a number that the ranks of this machine, and no others, have */
    tally_traffic traffic[TALLY_CHANNELS];
    tally_meter meter[TALLY_CHANNELS];
    tally_task *tasks;      /* collectives under way, oldest first */
    tally_request **waited; /* owned: what waiting for a task blocks on */
    size_t waited_room;
    size_t waited_most; /* requests of all collectives that are open */
    /* Told once when a wait has lasted `patience` seconds (0 or INFINITY: never), then
     * each time it doubles.  self and sim report a deadlock at once instead. */
    void (*stalled)(void *context, tally_comm *c, int peer, int tag, double seconds);
    void *stalled_context;
    double patience;
    /* Seconds after which such a wait fails, with TALLY_NETWORK, also where nobody is
     * told of it; 0: never. */
    double limit;
    /* Set by whoever found a rank gone: nothing is collective any more, and mpi ends
     * without MPI_Finalize, which would wait for it. */
    bool ragged;
    struct tally_shm *shm;        /* what sums through shared memory have in common */
    struct tally_nodes *topology; /* owned: who is where; NULL until somebody asks */
    struct tally_progress *progress; /* the thread that advances tasks; NULL: none */
    tally_comm *next_moved;          /* the next comm that it advances */
    struct tally_watch *watch; /* who tells what this rank did last; NULL: nobody */
    struct tally_trace *trace; /* what it did when; NULL: nobody keeps that */
    int advancing;             /* tasks of this comm that are being advanced */
    double busy, seen;  /* seconds with a task under way, counted up to time seen */
    double blocked;     /* seconds in waits that had nothing else to do */
    double ahead;       /* what this rank's clock shows more than rank 0's, once set */
    double ahead_error; /* by which that may be wrong, at most */
    void *inner;        /* the member's own */
};

/* Memory that the ranks of a node see together; base is aligned to 64 bytes, zeroed. */
struct tally_window {
    void *base;
    size_t bytes;
    void *inner;
};

extern TALLY_API const tally_family tally_comm_family;
TALLY_API tally_status tally_register_comm(const tally_comm_ops *ops);

/* Runs body once per rank that this process hosts.  spec: "auto" (mpi when a launcher
 * started us, else self), "self", "sim:ranks=8", "mpi".  Refuses to run as N
 * singletons: when the launcher's count of ranks differs from the comm's.  Collective
 * over the job.
 *
 * Returns the first bad status of the ranks of this process, with its sentence.  When
 * the ranks did not agree on it (tally_error_agreed) the others may still be running:
 * sim ends them with TALLY_ABORTED; mpi is left without MPI_Finalize, which would wait
 * for them, so that the caller can print and exit with a bad code, upon which the
 * launcher ends them.  A body may also print and call tally_abort. */
TALLY_API tally_status tally_launch(const char *spec, tally_body body, void *context);

/* Messages.  Lengths may exceed 2^31 bytes.  Any number may be under way; two messages
 * with the same peer and tag arrive in the order sent.  Return TALLY_NETWORK. */
TALLY_API tally_status tally_isend(tally_comm *c, int to, int tag, const void *p,
                                   size_t n, tally_request *r);
TALLY_API tally_status tally_irecv(tally_comm *c, int from, int tag, void *p,
                                   size_t most, tally_request *r);
TALLY_API tally_status tally_test(tally_comm *c, tally_request *r, bool *done,
                                  tally_note *note);
TALLY_API tally_status tally_wait_some(tally_comm *c, tally_request *const *r, size_t n,
                                       double deadline, int *which, tally_note *note);
TALLY_API tally_status tally_wait(tally_comm *c, tally_request *r, tally_note *note);
TALLY_API void tally_abandon(tally_comm *c, tally_request *r);

/* A comm of the ranks that pass the same color (>= 0), ordered by key then rank.
 * Collective. The caller closes it with tally_comm_close; its traffic counts apart. */
TALLY_API tally_status tally_comm_split(tally_comm *c, int color, int key,
                                        tally_comm **sub);
TALLY_API void tally_comm_close(tally_comm *sub);

/* Sets c->topology, a list of which ranks share a node.  Local. */
TALLY_API tally_status tally_comm_explore(tally_comm *c);

/* What lies between this rank and another.  Local. */
TALLY_API tally_link tally_comm_link(const tally_comm *c, int rank);

/* Memory shared by the ranks of a node.  Sharing is collective over the node; unsharing
 * is local: the memory goes when all of its ranks are done with it. */
TALLY_API tally_status tally_share(tally_comm *c, size_t bytes, tally_window **w);
TALLY_API void tally_unshare(tally_comm *c, tally_window *w);

TALLY_API double tally_now(tally_comm *c);

/* Learns how far this rank's clock is ahead of rank 0's, by messages there and back;
 * from then on tally_common_now is the same moment on all ranks, but for the time that
 * a short message takes.  Collective. */
TALLY_API tally_status tally_comm_set_clock(tally_comm *c);
TALLY_API double tally_common_now(tally_comm *c);

/* Seconds so far during which a collective was under way, from polls: the time between
 * the last that found one unfinished and the one that found it done is left out. */
TALLY_API double tally_busy(tally_comm *c);

/* Seconds so far that waits for collectives spent without work: until a message came.
 * Through shared memory moving and adding are one, and all of such a wait counts. */
TALLY_API double tally_blocked(tally_comm *c);
TALLY_API void tally_spend(tally_comm *c, double seconds);
TALLY_API void tally_abort(tally_comm *c, int code);

/* A collective in pieces: it starts, advances whenever its comm is polled, is done.
 * Embed it first in a struct of your own. */
struct tally_task {
    tally_comm *comm;
    /* Goes as far as it can without blocking: tests its requests, starts the next ones,
     * sets done at the end.  Called from poll and wait. */
    tally_status (*advance)(tally_task *t);
    tally_request *requests; /* all that it may wait for; inactive ones are skipped */
    size_t request_count;
    bool in_order; /* advance can do nothing before its first active request is done: a
                      wait then blocks on that one alone, which is cheaper */
    size_t oldest; /* in order: the request that the order begins with; it wraps */
    bool spins; /* it may wait for memory that another rank writes: a wait polls instead
                   of blocking.  requests[0], inactive, then says for a report which
                   peer and tag it waits for */
    bool
        follows; /* it may wait for another task to end, and is advanced when one has */
    /* For reports of who holds up a run: what it does ("sum of"), to how many of what,
     * with which tag.  All ranks of the comm must have these in common. */
    const char *what, *unit; /* NULL: it is not told of */
    int tag;
    uint64_t amount;
    bool of_some;    /* not all ranks of the comm start it */
    uint64_t place;  /* where it is told of; 0: nowhere */
    uint64_t traced; /* likewise, in the comm's trace */
    bool done;
    bool counted;     /* its requests are part of the comm's waited_most */
    tally_task *next; /* the comm's list */
};

/* Puts t (comm, advance and requests set) on the comm's list and advances it once.  All
 * ranks start the same tasks in the same order. */
TALLY_API tally_status tally_task_start(tally_task *t);

/* Advances every task of the comm once; cheap: call it between layers.  Local. */
TALLY_API tally_status tally_poll(tally_comm *c);

/* Advances every task until t is done, blocking in between. */
TALLY_API tally_status tally_task_wait(tally_task *t);

#ifdef __cplusplus
}
#endif
#endif

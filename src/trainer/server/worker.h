/* worker.h — what the files of a worker share.
 *
 *     worker.c     waits for replies, pushes, until the end
 *     gradient.c   the gradients between a reply and a push
 *     workroom.c   room for all that */

#ifndef TALLY_TRAINER_SERVER_WORKER_H
#define TALLY_TRAINER_SERVER_WORKER_H

#include "trainer/server/local.h"
#include "trainer/server/near.h"

/* A server as a worker sees it. */
typedef struct counter {
    tally_span slice;
    bool near;              /* it sees our weights and our gradient */
    unsigned char *message; /* owned: weights through the codec; NULL: not coded */
    bool pulled;            /* weights come with the reply */
    tally_reply reply;
    tally_push push;
    tally_request weights, note, pushed, told, beat_in, beat_out;
    double heard;
} counter;

typedef struct worker {
    tally_run *run;
    const tally_near *near;
    tally_store *own; /* borrowed, as is near: the server on this rank, or NULL */
    int servers;
    counter *counters;    /* owned: one per server */
    tally_span *pieces;   /* owned: of all slices, in the order they leave */
    int *to;              /* owned: beside it, which server */
    tally_request *sends; /* owned: beside it */
    size_t piece_count, next;
    tally_coding coding;
    unsigned char **coded;     /* owned, and what it points at: the pieces' messages */
    tally_real *memory;        /* owned: what pushes left out; NULL: not kept */
    tally_request **list;      /* owned: what it waits for, its own server's last */
    tally_real *w, *g;         /* the weights it works at, and the gradient there */
    tally_real *own_w, *own_g; /* owned: room for those; NULL: elsewhere */
    uint64_t *rows;            /* owned */
    tally_step t;
    const tally_local_ops *steps; /* NULL: a push is one gradient */
    tally_local local;
    uint64_t clock, ticket, taken; /* pushes so far; at hand; gradients so far */
    double work; /* declared seconds of the gradient, for simulated comms; else 0 */
    double computing, starved, waiting, beaten;
    char nothing;
} worker;

/* What a worker waits for of each server, in its list. */
enum { NOTE, WEIGHTS, BEAT, KINDS };

tally_status tally_worker_open(worker *w);
void tally_worker_hang_up(worker *w);
void tally_worker_close(worker *w);

/* Says now and then to all servers that it is there. */
tally_status tally_worker_beat(worker *w);

/* Computes the gradients of the ticket at hand, and sends each piece as soon as it is
 * known. */
tally_status tally_worker_compute(worker *w, tally_score *score);

#endif

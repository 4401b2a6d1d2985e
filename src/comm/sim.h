/* sim.h — the simulated world, for the two files that run it. */

#ifndef TALLY_COMM_SIM_H
#define TALLY_COMM_SIM_H

#include "comm/baton.h"
#include "comm/comm.h"
#include "comm/mailbox.h"

typedef struct sim { /* options */
    uint64_t ranks, node;
    double alpha, beta, alpha_node, beta_node;
    bool rendezvous;
} sim;

typedef struct seat seat;

typedef struct citizen { /* what a rank has besides its clock */
    double in_free, out_free;
    tally_mailbox mailbox;
    const seat *waiting; /* while blocked: on what; for the report of a deadlock */
    tally_request *const *waits;
    size_t wait_count;
    tally_status status; /* of its body */
    tally_error error;
} citizen;

typedef struct world {
    const sim *options;
    tally_baton baton;
    citizen *citizens;
    tally_desk desk;
    int contexts;
    bool failed; /* one rank failed alone: all others end too */
    char reason[TALLY_SENTENCE_MOST];
    char deadlock[TALLY_SENTENCE_MOST]; /* the last one: who waits for whom */
    tally_body body;
    void *context;
} world;

struct seat { /* a comm as one rank sees it */
    world *world;
    int me; /* in the world */
    int context;
    int *members; /* owned: the world rank of each rank of the comm */
};

/* The node where a rank of the world lives. */
int tally_sim_node(const world *w, int rank);

/* Counts the ranks of c's node: node_rank and node_size. */
void tally_sim_place(tally_comm *c);

/* The entries of sim's table that group.c holds. */
tally_status tally_sim_split(tally_comm *c, int color, int key, tally_comm **sub);
void tally_sim_close(tally_comm *c);
tally_status tally_sim_share(tally_comm *c, size_t bytes, tally_window **w);
void tally_sim_unshare(tally_comm *c, tally_window *w);
int tally_sim_host_of(const tally_comm *c, int rank);

#endif

/* local.h — workers that take several gradients between two pushes, and move weights of
 * their own in between. */

#ifndef TALLY_TRAINER_SERVER_LOCAL_H
#define TALLY_TRAINER_SERVER_LOCAL_H

#include "trainer/server/server.h"

/* All vectors: of the layout. */
typedef struct tally_local {
    tally_run *run;
    tally_real *w;     /* borrowed: the worker's weights */
    tally_real *start; /* owned: w as the turn began */
    tally_real *extra; /* owned: the member's own, zero at first */
    tally_real *place; /* owned: room for where a gradient is taken */
} tally_local;

struct tally_local_ops {
    /* Gradients of a turn, between two pushes; chosen: the consistency's options. */
    uint64_t (*turn)(const void *chosen);
    /* Optional: whether weights come with the reply that ends turn `turns`, from 1;
     * NULL: always. */
    bool (*pulls)(const void *chosen, uint64_t turns);
    /* Optional: where the next gradient is taken; NULL: at w. */
    tally_status (*place)(tally_local *l, const tally_step *t, const tally_real **at);
    tally_status (*step)(tally_local *l, const tally_step *t, tally_real *g);
    /* g <- what the turn comes to: what is pushed. */
    void (*say)(const tally_local *l, tally_real *g);
    /* Workers go on from weights of their own: `arrive` leaves them in p->sent.  Then
     * --rule moves those, not the server's. */
    bool own;
};

/* Refuses rules other than sgd, whose place these steps take. */
tally_status tally_local_wants_sgd(const tally_run *run);

/* What a consistency with local steps cannot go with. */
tally_status tally_local_check(const tally_run *run);

tally_status tally_local_open(tally_local *l, tally_run *run, tally_real *w);
void tally_local_close(tally_local *l);

/* ---- elastic averaging: easgd.c ---- */

tally_status tally_elastic_arrive(tally_store *s, tally_seat *p, double moving);
void tally_elastic_say(const tally_local *l, tally_real *g);

#endif

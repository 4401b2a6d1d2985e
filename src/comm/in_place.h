/* in_place.h — an all-reduce of vectors that lie in shared memory; see in_place.c. */

#ifndef TALLY_COMM_IN_PLACE_H
#define TALLY_COMM_IN_PLACE_H

#include "tally/comm.h"

typedef struct tally_in_place tally_in_place;

/* True when the ranks of c share memory, run at the same time, and have vectors of
 * `length` values short enough to stay in the last cache together. */
bool tally_in_place_works(const tally_comm *c, size_t length);

/* spans: borrowed, they tile [0, length).  number: as that of tally_sum_open.
 * Collective.  Closing is local. */
tally_status tally_in_place_open(tally_in_place **m, tally_comm *c,
                                 tally_channel channel, int number,
                                 const tally_span *spans, size_t count, size_t length);
void tally_in_place_close(tally_in_place *m);

/* This rank's vector, to be written anew: waits until nobody reads it any more.  Before
 * the first start of a step; collective, as all below. */
tally_status tally_in_place_room(tally_in_place *m, tally_real **v);

/* Span k of the vector is written and may be summed; all ranks start the same spans in
 * the same order, each once a step. */
tally_status tally_in_place_start(tally_in_place *m, size_t k);
tally_status tally_in_place_wait(tally_in_place *m, size_t k);

/* After wait(k), local: the front part of `left` (inside span k) whose sum lies in one
 * place: *v is coordinate 0 of the vector that holds it. */
tally_span tally_in_place_part(const tally_in_place *m, size_t k, tally_span left,
                               tally_real **v);

#endif

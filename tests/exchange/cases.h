/* cases.h — what every exchange must do, as a body that any comm can run. */

#ifndef TEST_EXCHANGE_CASES_H
#define TEST_EXCHANGE_CASES_H

#include "tally/exchange.h"

typedef struct exchange_case {
    const char *spec;
    size_t length;
    size_t span; /* values in a span of the plan, a multiple of 64; 0: one span */
} exchange_case;

/* Three rounds on vectors that every rank can work out for all ranks.  Fails when ranks
 * disagree in a bit, when the result is not what the dullest code gets from the same
 * vectors, or when other bytes were sent than the exchange said.  context:
 * exchange_case. */
tally_status exchange_case_run(tally_comm *c, void *context);

/* The specs that conformance and the tests under mpirun go through, NULL at the end. */
extern const char *const exchange_specs[];

#endif

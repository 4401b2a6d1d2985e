/* cases.h — what every exchange must do, as a body that any comm can run. */

#ifndef TEST_EXCHANGE_CASES_H
#define TEST_EXCHANGE_CASES_H

#include "tally/exchange.h"

typedef struct exchange_case {
    const char *spec; /* "vote", "gather:form=all codec=sign aggregate=median" */
    size_t length;
    size_t span; /* values in a span of the plan, a multiple of 64; 0: one span */
} exchange_case;

/* Three rounds on vectors that every rank can work out for all ranks.  Fails when ranks
 * disagree in a bit, when other bytes were sent than the exchange said, or when the
 * result is not what the dullest code gets from the same vectors (for members of the
 * library that this file knows: allreduce, ordered, vote, gather with fp32 and mean).
 * context: exchange_case. */
tally_status exchange_case_run(tally_comm *c, void *context);

/* Rank r's value i in a round: one in four is zero, some are -0.0. */
tally_real exchange_case_value(int r, uint64_t round, size_t i);

/* The specs worth a test of their own, NULL at the end. */
extern const char *const exchange_specs[];

/* Those, then the name of each member of the family that none of them is of; NULL past
 * the end.  What conformance and the tests under mpirun go through. */
const char *exchange_spec_at(size_t i);

#endif

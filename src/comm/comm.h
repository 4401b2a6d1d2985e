/* comm.h — what the files of this folder share beyond the public headers. */

#ifndef TALLY_COMM_COMM_H
#define TALLY_COMM_COMM_H

#include "tally/collective.h"

#include "base/status.h"

#define COMM(name) extern const tally_comm_ops tally_comm_##name;
#include "comm/list.def"
#undef COMM

/* Tags of TALLY_CONTROL from 4000 on belong to the blocking collectives and to
 * split and share; one such call is under way per comm at a time. */
enum {
    TALLY_OWN_GATHER = 2000,
    TALLY_OWN_BROADCAST = 4002,
    TALLY_OWN_SHARE = 4003,
    TALLY_OWN_CLOCK = 4004
};

/* tally_launch of comm self, even in a process that a launcher started as one of
 * several. */
tally_status tally_launch_alone(tally_body body, void *context);

/* What it becomes inside the comm. */
tally_status tally_self_enter(tally_body body, void *context);

/* Tests every active request of r[0..n); *busy: one at least is still under way. */
tally_status tally_requests_test(tally_comm *c, tally_request *r, size_t n, bool *busy);

/* Advances the tasks of c as far as they can go without blocking. */
tally_status tally_task_advance(tally_comm *c);

/* Makes room to wait for t beside all others that are open, so that starting it does
 * not allocate.  For open functions, once comm and request_count are set. */
tally_status tally_task_open(tally_task *t);

/* Takes t off its comm's list and forgets its requests.  For close functions. */
void tally_task_drop(tally_task *t);

/* Counts the traffic of a sum of n values that we do not see, as the ring's. */
void tally_count_modelled(tally_comm *c, int tag, size_t n);

/* Counts bytes that go through memory which a node's ranks share, as if they were a
 * message to that rank, or one from it. */
void tally_count_written(tally_comm *c, int to, int tag, size_t bytes);
void tally_count_read(tally_comm *c, int from, int tag, size_t bytes);

/* The comm's own all-reduce, with its traffic modelled. */
tally_status tally_native_sum(tally_comm *c, int tag, tally_real *v, size_t n,
                              tally_request *r);

#endif

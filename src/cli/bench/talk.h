/* talk.h — words between ranks of a bench, outside what is measured. */

#ifndef TALLY_CLI_BENCH_TALK_H
#define TALLY_CLI_BENCH_TALK_H

#include "tally/comm.h"

/* n bytes to rank `to`; n bytes from rank `from`.  Local to the two. */
tally_status bench_tell(tally_comm *c, int to, const void *p, size_t n);
tally_status bench_hear(tally_comm *c, int from, void *p, size_t n);

/* As bench_hear, but the core is left to those who are measured. */
tally_status bench_sleep_until_told(tally_comm *c, int from, void *p, size_t n);

#endif

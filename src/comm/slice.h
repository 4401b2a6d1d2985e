/* slice.h — short turns on a core that is shared. */

#ifndef TALLY_COMM_SLICE_H
#define TALLY_COMM_SLICE_H

/* Asks Linux for turns of 100 us for this thread, and those that it will start: its
 * share of the core stays the same.  Where that cannot be had nothing changes; a thread
 * under another policy than the usual one (chrt) keeps its own. */
void tally_slice_shorten(void);

#endif

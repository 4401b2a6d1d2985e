/* graph_cache.h — propagated features on disk, to be read again instead of made. */

#ifndef TALLY_DATA_GRAPH_CACHE_H
#define TALLY_DATA_GRAPH_CACHE_H

#include "data/propagate.h"

/* Opens h as tally_hops_open does, from the folder `cache`, or else computes it and
 * leaves a copy there; the folder is made.  key: a hash of all that h is made of.  A
 * damaged copy is replaced, and one that cannot be written is done without: said (of
 * `most` bytes) then has a sentence, else it is "".  Local. */
tally_status tally_graph_cache_open(tally_hops *h, const char *cache, uint64_t key,
                                    char *said, size_t most);

#endif

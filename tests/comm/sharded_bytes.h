/* sharded_bytes.h — the bytes that tally_sharded_tell tells of, added up. */

#ifndef TALLY_TESTS_COMM_SHARDED_BYTES_H
#define TALLY_TESTS_COMM_SHARDED_BYTES_H

#include "tally/collective.h"

static inline void sharded_bytes_add(void *context, int to, tally_span about,
                                     uint64_t bytes)
{
    (void)to, (void)about;
    *(uint64_t *)context += bytes;
}

static inline uint64_t sharded_bytes(tally_group g, size_t units, size_t from_unit,
                                     size_t to_unit)
{
    uint64_t bytes = 0;

    tally_sharded_tell(g, units, from_unit, to_unit, sharded_bytes_add, &bytes);
    return bytes;
}

#endif

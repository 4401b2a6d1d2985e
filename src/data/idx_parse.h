/* idx_parse.h — an IDX file in memory: its dimensions, and where its bytes are. */

#ifndef TALLY_DATA_IDX_PARSE_H
#define TALLY_DATA_IDX_PARSE_H

#include "tally/status.h"

#include <stdint.h>

enum { TALLY_IDX_DIMENSIONS_MOST = 8 };

typedef struct tally_idx {
    size_t dimensions;
    size_t shape[TALLY_IDX_DIMENSIONS_MOST]; /* outermost first */
    size_t offset;                           /* of values[0] in the file */
    const uint8_t *values;                   /* borrowed; product of shape, row-major */
} tally_idx;

/* Reads unsigned bytes in IDX form.  Returns TALLY_FORMAT with the name, the byte and
 * what was expected there; never looks past bytes[count).  Local. */
tally_status tally_idx_parse(tally_idx *idx, const char *name, const uint8_t *bytes,
                             size_t count);

#endif

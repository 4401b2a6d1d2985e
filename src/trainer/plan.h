/* plan.h — cuts the flat vector into the spans that travel together. */

#ifndef TALLY_TRAINER_PLAN_H
#define TALLY_TRAINER_PLAN_H

#include "tally/layout.h"

/* Cuts [0, length) into spans of about `bytes` each, at most 1024 of them, owned by the
 * caller.  Every cut is on a multiple of 64, at or just above the start of a tensor
 * where that can be: then the span is complete as soon as that tensor's gradient is.  A
 * tensor longer than twice `bytes` is cut into equal pieces.  bytes == 0: one span. */
tally_status tally_plan(const tally_layout *layout, size_t bytes, tally_span **spans,
                        size_t *count);

#endif

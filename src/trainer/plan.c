/* plan.c — cuts the flat vector into the spans that travel together.
 *
 * The backward pass finishes the vector from its end to its start, tensor by tensor, so
 * a span that starts where a tensor starts can leave as soon as that tensor is done. */

#include "trainer/plan.h"

#include <stdlib.h>

enum { SPANS_MOST = 1024 };

static size_t round_up(size_t i)
{
    return (i + 63) / 64 * 64;
}

/* Cuts [first, end) into equal pieces of at most about `most` values; written from the
 * end backwards.  Returns how many. */
static size_t cut_evenly(size_t first, size_t end, size_t most, tally_span *spans)
{
    size_t pieces = (end - first + most - 1) / most;
    size_t piece = round_up((end - first + pieces - 1) / pieces), n = 0;

    while (end > first) {
        size_t start = end - first > piece ? (end - piece) / 64 * 64 : first;

        if (start < first) start = first;
        spans[n++] = (tally_span){start, end - start};
        end = start;
    }
    return n;
}

static void reverse(tally_span *spans, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        tally_span swap = spans[i];

        spans[i] = spans[n - 1 - i];
        spans[n - 1 - i] = swap;
    }
}

tally_status tally_plan(const tally_layout *layout, size_t bytes, tally_span **spans,
                        size_t *count)
{
    size_t values = bytes ? bytes / sizeof(tally_real) : layout->length;
    size_t least = layout->length / (SPANS_MOST / 4) + 64, end = layout->length, n = 0;

    if (values < least) values = least;
    *spans = calloc(2 * SPANS_MOST, sizeof **spans);
    if (!*spans) return TALLY_FAIL(MEMORY, "no memory for the plan of the exchange");
    for (size_t t = layout->count; t-- > 0;) {
        size_t start = t ? round_up(layout->tensors[t].span.first) : 0;

        if (start >= end || (end - start < values && t)) continue;
        if (end - start > 2 * values)
            n += cut_evenly(start, end, values, *spans + n);
        else
            (*spans)[n++] = (tally_span){start, end - start};
        end = start;
    }
    reverse(*spans, n);
    *count = n;
    return TALLY_OK;
}

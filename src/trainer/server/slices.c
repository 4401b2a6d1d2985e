/* slices.c — which server holds what of the flat vector, and how it travels there. */

#include "trainer/server/server.h"

static size_t round_up(size_t i)
{
    return (i + 63) / 64 * 64;
}

/* The tensor start nearest to `at` when it is not further than `slack`. */
static size_t snap(const tally_layout *layout, size_t at, size_t slack)
{
    size_t best = round_up(at), apart = slack + 1;

    for (size_t t = 0; t < layout->count; t++) {
        size_t start = round_up(layout->tensors[t].span.first);
        size_t distance = start > at ? start - at : at - start;

        if (distance >= apart) continue;
        best = start;
        apart = distance;
    }
    return best < layout->length ? best : layout->length;
}

void tally_slices(const tally_layout *layout, int servers, tally_span *slices)
{
    size_t n = (size_t)servers, each = layout->length / n, first = 0;

    for (size_t s = 0; s < n; s++) {
        size_t even = layout->length / n * (s + 1) + layout->length % n * (s + 1) / n;
        size_t end = s + 1 == n ? layout->length : snap(layout, even, each / 20);

        if (end < first) end = first;
        slices[s] = (tally_span){first, end - first};
        first = end;
    }
}

size_t tally_slice_pieces(const tally_span *plan, size_t plan_count, tally_span slice,
                          tally_span *pieces)
{
    size_t end = slice.first + slice.count, n = 0;

    for (size_t k = plan_count; k-- > 0;) {
        size_t low = plan[k].first, high = low + plan[k].count;

        if (low < slice.first) low = slice.first;
        if (high > end) high = end;
        if (low < high) pieces[n++] = (tally_span){low, high - low};
    }
    return n;
}

/* census.c — counts the values that are not finite in what ranks say.
 *
 * Cost: a read of what is said, right after it was written; the counting by tensor
 * comes only where something was found.  16 bytes of the report that each rank sends.
 */

#include "trainer/census.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

tally_status census_open(census *c, int ranks)
{
    *c = (census){.told = calloc((size_t)ranks, sizeof *c->told)};
    if (!c->told)
        return TALLY_FAIL(MEMORY, "no memory for the census of %d ranks", ranks);
    return TALLY_OK;
}

void census_close(census *c)
{
    free(c->told);
    *c = (census){0};
}

static uint64_t bit_of(size_t tensor)
{
    return UINT64_C(1) << (tensor < CENSUS_TENSORS ? tensor : CENSUS_TENSORS - 1);
}

void census_add(step_report *mine, const tally_layout *layout, tally_span s,
                const tally_real *v)
{
    size_t end = s.first + s.count;

    if (tally_all_finite(v + s.first, s.count)) return;
    for (size_t t = 0; t < layout->count; t++) {
        tally_span own = layout->tensors[t].span;
        size_t from = own.first > s.first ? own.first : s.first;
        size_t to = own.first + own.count < end ? own.first + own.count : end;
        uint64_t found = 0;

        for (size_t i = from; i < to; i++)
            found += isfinite(v[i]) ? 0u : 1u;
        mine->lost += found;
        if (found) mine->lost_tensors |= bit_of(t);
    }
}

/* " (dense1.weight, dense2.bias)" */
static size_t list_tensors(uint64_t tensors, const tally_layout *layout, char *text,
                           size_t most)
{
    size_t used = 0;
    const char *before = " (";

    for (size_t t = 0; t < layout->count && t < CENSUS_TENSORS && used < most; t++) {
        if (!(tensors & bit_of(t))) continue;
        used += (size_t)snprintf(text + used, most - used, "%s%s", before,
                                 layout->tensors[t].name);
        before = ", ";
    }
    if (used < most) used += (size_t)snprintf(text + used, most - used, ")");
    return used < most ? used : most - 1;
}

void census_read(census *c, const step_report *all, int ranks, uint64_t step,
                 const tally_layout *layout, char *sentence, size_t most)
{
    size_t used = 0;

    *sentence = '\0';
    for (int r = 0; r < ranks; r++) {
        unsigned long long count = all[r].lost;

        c->count += count;
        if (!(all[r].lost_tensors & ~c->told[r])) continue;
        c->told[r] |= all[r].lost_tensors;
        if (used + 128 >= most) continue;
        if (used == 0)
            used += (size_t)snprintf(
                sentence, most, "not finite in step %llu:", (unsigned long long)step);
        used += (size_t)snprintf(
            sentence + used, most - used, "%s rank %d, %llu value%s",
            sentence[used - 1] == ':' ? "" : ";", r, count, count == 1 ? "" : "s");
        used += list_tensors(all[r].lost_tensors, layout, sentence + used, most - used);
    }
}

/* snapshot.c — the weights as they are, for evaluation and checkpoints.
 *
 * A lone server copies them.  Several exchange their slices, of the weights, of the
 * rule's state and of the trainer's: collective over the servers, and the workers go on
 * meanwhile. */

#include "trainer/server/serve.h"

#include <string.h>

/* The weights of all slices to all holders, and what the rule keeps for them. */
static tally_status spread(tally_run *run, const tally_span *slices, tally_real *v)
{
    for (int r = 0; r < run->holders; r++)
        TALLY_TRY(tally_broadcast(run->crew, r, v + slices[r].first,
                                  slices[r].count * sizeof *v));
    return TALLY_OK;
}

static tally_status spread_bits(tally_run *run, const tally_span *slices,
                                uint64_t *bits)
{
    for (int r = 0; r < run->holders; r++)
        TALLY_TRY(tally_broadcast(run->crew, r, bits + slices[r].first / 64,
                                  (slices[r].count + 63) / 64 * sizeof *bits));
    return TALLY_OK;
}

static tally_status spread_state(tally_run *run, const tally_span *slices,
                                 const tally_state *state)
{
    for (size_t k = 0; k < state->count; k++) {
        if (state->slots[k].extent == TALLY_EACH_WEIGHT)
            TALLY_TRY(spread(run, slices, state->at[k]));
        if (state->slots[k].extent == TALLY_EACH_BIT)
            TALLY_TRY(spread_bits(run, slices, state->at[k]));
    }
    return TALLY_OK;
}

static tally_status spread_all(tally_store *s, const tally_span *slices)
{
    tally_run *run = s->run;
    const tally_state *states[] = {&run->rule.state, &run->trainer_state};

    TALLY_TRY(spread(run, slices, run->w));
    for (int i = 0; i < 2; i++)
        TALLY_TRY(spread_state(run, slices, states[i]));
    return TALLY_OK;
}

tally_status tally_store_snapshot(tally_run *run)
{
    tally_store *s = run->held;

    tally_recall_keep(s);
    memcpy(run->w + s->slice.first, s->live + s->slice.first,
           s->slice.count * sizeof *run->w);
    return s->servers > 1 ? spread_all(s, s->slices) : TALLY_OK;
}

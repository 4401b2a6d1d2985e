/* recall.c — what a checkpoint keeps of a codec's memories.
 *
 *     known      the weights as each worker knows them              coding.c: v
 *     memory     what each worker's pushes left out                 coding.c: e
 *     answered   of each worker: 0 nothing is kept, 1 its last push has been answered,
 *                2 not yet
 *
 * A worker sends its memory with the pushes of a step after which a checkpoint is due,
 * and when it is told to stop; with servers=all not then, for a rank would wait for
 * itself.  A memory that is older than a worker's last push is not kept: it starts from
 * zero.  When a run goes on, each worker is first sent what it knew and remembered.
 *
 * bsp with a codec thus resumes bit for bit.  State: two slices for each worker,
 * private to each server.  Sent: d values more for each worker and checkpoint. */

#include "trainer/report.h"
#include "trainer/server/serve.h"

#include <stdlib.h>
#include <string.h>

enum { KNOWN, MEMORY, ANSWERED };

enum { NOTHING, ANSWERED_IT, NOT_YET };

static const tally_slot slots[] = {
    {"known",    TALLY_PRIVATE, TALLY_OWN_LENGTH},
    {"memory",   TALLY_PRIVATE, TALLY_OWN_LENGTH},
    {"answered", TALLY_PRIVATE, TALLY_OWN_LENGTH},
    TALLY_END
};

static const tally_slot slots_and_mean_square[] = {
    {"known",       TALLY_PRIVATE, TALLY_OWN_LENGTH },
    {"memory",      TALLY_PRIVATE, TALLY_OWN_LENGTH },
    {"answered",    TALLY_PRIVATE, TALLY_OWN_LENGTH },
    {"mean_square", TALLY_SHARED,  TALLY_EACH_WEIGHT},
    TALLY_END
};

static bool is_wanted(const tally_run *run)
{
    return tally_coding_wanted(run) && run->comm->rank < run->holders &&
           (run->options->out || run->resume);
}

tally_status tally_recall_open(tally_run *run)
{
    bool adapts = tally_compensate_adapts(run->trainer_options);
    tally_state *state = &run->trainer_state;
    size_t workers = (size_t)run->workers;

    if (!is_wanted(run))
        return adapts
                   ? tally_state_open(state, slots_and_mean_square + 3, &run->f->layout)
                   : TALLY_OK;
    tally_span *slices = calloc((size_t)run->holders, sizeof *slices);
    if (!slices) return TALLY_FAIL(MEMORY, "no memory for %d slices", run->holders);
    tally_slices(&run->f->layout, run->holders, slices);
    size_t count = slices[run->comm->rank].count;
    free(slices);
    TALLY_TRY(tally_state_open(state, adapts ? slots_and_mean_square : slots,
                               &run->f->layout));
    TALLY_TRY(tally_state_resize(state, KNOWN, workers * count));
    TALLY_TRY(tally_state_resize(state, MEMORY, workers * count));
    return tally_state_resize(state, ANSWERED, workers);
}

/* Worker m's part of a slot. */
static tally_real *part_of(const tally_store *s, int slot, const tally_seat *p)
{
    size_t m = (size_t)(p - s->seats), each = slot == ANSWERED ? 1 : s->slice.count;

    return (tally_real *)s->run->trainer_state.at[slot] + m * each;
}

void tally_recall_keep(tally_store *s)
{
    size_t bytes = s->slice.count * sizeof(tally_real);

    for (int m = 0; is_wanted(s->run) && m < s->count; m++) {
        tally_seat *p = &s->seats[m];
        bool remembers = p->left && p->left_good;

        memcpy(part_of(s, KNOWN, p), p->sent, bytes);
        memset(part_of(s, MEMORY, p), 0, bytes);
        if (remembers) memcpy(part_of(s, MEMORY, p), p->left, bytes);
        *part_of(s, ANSWERED, p) = !p->knows                ? NOTHING
                                   : p->presence == WORKING ? ANSWERED_IT
                                                            : NOT_YET;
    }
}

bool tally_recall_load(tally_store *s, tally_seat *p, bool *answered)
{
    size_t bytes = s->slice.count * sizeof(tally_real);

    if (!is_wanted(s->run) || *part_of(s, ANSWERED, p) <= NOTHING) return false;
    memcpy(p->sent, part_of(s, KNOWN, p), bytes);
    if (p->left) memcpy(p->left, part_of(s, MEMORY, p), bytes);
    *answered = *part_of(s, ANSWERED, p) <= ANSWERED_IT;
    return true;
}

bool tally_recall_is_due(const tally_store *s, uint64_t ticket)
{
    const tally_run *run = s->run;
    uint64_t every = run->options->checkpoint_every, parts = (uint64_t)s->count;
    uint64_t last = ticket + s->tickets.turn - 1;

    if (!is_wanted(run) || !tally_coding_remembers(&s->coding)) return false;
    if (every == 0) every = run->steps_per_epoch;
    /* The turn holds, or ends in, a step after which one is due, or the last one. */
    return (last / parts + 1) / every > ticket / parts / every ||
           last / parts + 1 >= run->steps;
}

tally_status tally_recall_expect(tally_store *s, tally_seat *p)
{
    p->left_due = true;
    return tally_irecv(s->run->comm, p->rank, TALLY_TAG(TALLY_EXCHANGE, TAG_MEMORY),
                       p->left, s->slice.count * sizeof *p->left, &p->left_in);
}

void tally_recall_take(tally_store *s, tally_seat *p, size_t bytes)
{
    p->left_due = false;
    p->left_good = bytes == s->slice.count * sizeof *p->left &&
                   tally_all_finite(p->left, s->slice.count);
}

bool tally_recall_asks_at_the_end(const tally_store *s)
{
    const tally_run *run = s->run;
    bool apart = run->holders + run->workers <= run->comm->size;

    return s->stopping && apart && is_wanted(run) && tally_coding_remembers(&s->coding);
}

/* Whoever does not say it in time is taken to have forgotten. */
tally_status tally_recall_collect(tally_store *s)
{
    tally_request **list = s->wire->watched;
    double deadline = tally_store_now(s) + tally_store_patience(s);
    int which = 0;

    if (!tally_recall_asks_at_the_end(s)) return TALLY_OK;
    for (int m = 0; m < s->count; m++) {
        tally_seat *p = &s->seats[m];

        list[m] = &p->left_in;
        p->left_good = false;
        if (p->presence != LOST && !p->left_in.active)
            TALLY_TRY(tally_recall_expect(s, p));
    }
    while (which >= 0) {
        tally_note note;

        TALLY_TRY(tally_wait_some(s->run->comm, list, (size_t)s->count, deadline,
                                  &which, &note));
        if (which >= 0) tally_recall_take(s, &s->seats[which], note.bytes);
    }
    return TALLY_OK;
}

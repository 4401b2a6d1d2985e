/* mismatch.c — which collective was not the same on all ranks, though none of them
 * hung.
 *
 *     each rank to each    number and signature of its last collectives
 *     first                the lowest number whose signature differs from rank 0's
 *     each rank to each    what it called then
 *
 * Asked for when the sums of signatures differ that ranks send with each step. */

#include "comm/mismatch.h"

#include "tally/collective.h"

#include "base/status.h"
#include "comm/trail.h"
#include "comm/watch.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct mark {
    uint64_t number, signature;
} mark;

typedef struct memory { /* what a rank knows of its last collectives, newest first */
    mark marks[TALLY_TRAIL_MOST];
} memory;

static uint64_t signature_of(const memory *m, uint64_t number)
{
    for (int k = 0; k < TALLY_TRAIL_MOST; k++)
        if (m->marks[k].number == number) return m->marks[k].signature;
    return 0;
}

/* The first collective in which a rank differs from rank 0, and which one; 0: none that
 * both remember. */
static uint64_t first_difference(const memory *all, int size, int *rank)
{
    uint64_t first = 0;

    for (int r = 1; r < size; r++)
        for (int k = 0; k < TALLY_TRAIL_MOST; k++) {
            mark m = all[r].marks[k];
            uint64_t other = m.number ? signature_of(&all[0], m.number) : 0;

            if (!other || other == m.signature || (first && m.number >= first))
                continue;
            first = m.number;
            *rank = r;
        }
    return first;
}

static void describe_act(const tally_comm *c, const tally_act *acts, size_t count,
                         uint64_t number, char text[TALLY_ACT_TEXT])
{
    for (size_t k = 0; k < count; k++)
        if (acts[k].number == number) tally_watch_describe(c, &acts[k], text);
}

static void tell_difference(const memory *all, uint64_t number, int rank,
                            char (*texts)[TALLY_ACT_TEXT], char *sentence, size_t most)
{
    if (!number) {
        snprintf(sentence, most, "ranks called different collectives, more than %d ago",
                 TALLY_TRAIL_MOST);
        return;
    }
    snprintf(sentence, most,
             "collective %llu is not the same on all ranks: rank %d has \"%s\" "
             "(%016llx), rank 0 has \"%s\" (%016llx)",
             (unsigned long long)number, rank, texts[rank],
             (unsigned long long)signature_of(&all[rank], number), texts[0],
             (unsigned long long)signature_of(&all[0], number));
}

typedef struct inquest {
    tally_act acts[TALLY_TRAIL_MOST];
    memory mine;
    memory *all;                   /* owned: one a rank */
    char (*texts)[TALLY_ACT_TEXT]; /* owned: one a rank */
} inquest;

static tally_status compare(tally_comm *c, inquest *q)
{
    size_t count = tally_watch_recent(c, q->acts, TALLY_TRAIL_MOST);
    char mine[TALLY_ACT_TEXT] = "", sentence[1024];
    int rank = 0;

    for (size_t k = 0; k < count; k++)
        q->mine.marks[k] = (mark){q->acts[k].number, q->acts[k].signature};
    TALLY_TRY(tally_gather_all(c, &q->mine, sizeof q->mine, q->all));
    uint64_t number = first_difference(q->all, c->size, &rank);
    describe_act(c, q->acts, count, number, mine);
    TALLY_TRY(tally_gather_all(c, mine, sizeof mine, q->texts));
    tell_difference(q->all, number, rank, q->texts, sentence, sizeof sentence);
    return tally_error_adopt(TALLY_FAIL(MISMATCH, "%s", sentence), sentence);
}

tally_status tally_mismatch_name(tally_comm *c)
{
    size_t size = (size_t)c->size;
    inquest *q = calloc(1, sizeof *q);
    tally_status status = TALLY_OK;

    if (q) q->all = calloc(size, sizeof *q->all);
    if (q) q->texts = calloc(size, sizeof *q->texts);
    if (!q || !q->all || !q->texts)
        status = TALLY_FAIL(MEMORY, "no memory to compare the collectives of %d ranks",
                            c->size);
    status = tally_agree(c, status);
    if (!status) status = compare(c, q);
    if (q) free(q->all);
    if (q) free(q->texts);
    free(q);
    return status;
}

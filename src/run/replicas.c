/* replicas.c — every rank holds the same weights, bit for bit: whether it still does.
 *
 *     h_r = XXH3(w of rank r)           8 bytes from each rank to each
 *     right: the weights that most ranks hold; of two such groups the one with the
 *     lowest rank
 *
 * Only when hashes differ: the right ones of every tensor are broadcast, and each rank
 * says in which tensor it leaves them first.  A rank whose memory failed, a library
 * that answers otherwise on another processor, or a fault of ours shows so at most
 * `replica-every` steps later; until then its gradients are merely of other weights. */

#include "run/replicas.h"

#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The lowest of the ranks that hold what most hold. */
static int find_right(const uint64_t *hash, int size)
{
    int right = 0, most = 0;

    for (int r = 0; r < size; r++) {
        int alike = 0;

        for (int q = 0; q < size; q++)
            alike += hash[q] == hash[r];
        if (alike > most) {
            most = alike;
            right = r;
        }
    }
    return right;
}

static uint64_t hash_tensor(const tally_run *run, size_t t)
{
    tally_span s = run->f->layout.tensors[t].span;

    return XXH3_64bits(run->w + s.first, s.count * sizeof *run->w);
}

/* The first tensor in which any rank differs from rank `right`. */
static tally_status find_tensor(tally_run *run, int right, size_t *first)
{
    size_t count = run->f->layout.count, mine = count;
    uint64_t *hash = calloc(count, sizeof *hash);
    size_t *all = calloc((size_t)run->crew->size, sizeof *all);
    tally_status status =
        hash && all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %zu hashes", count);

    for (size_t t = 0; !status && t < count; t++)
        hash[t] = hash_tensor(run, t);
    status = tally_agree(run->crew, status);
    if (!status) status = tally_broadcast(run->crew, right, hash, count * sizeof *hash);
    for (size_t t = count; !status && t-- > 0;)
        if (hash[t] != hash_tensor(run, t)) mine = t;
    if (!status) status = tally_gather_all(run->crew, &mine, sizeof mine, all);
    *first = count;
    for (int r = 0; !status && r < run->crew->size; r++)
        if (all[r] < *first) *first = all[r];
    free(hash);
    free(all);
    return status;
}

/* "rank 2", "ranks 2 and 5", "ranks 2, 5 and 6"; after so many, "and others". */
static void list_ranks(const uint64_t *hash, int size, int right, char text[256])
{
    int wrong = 0, told = 0;
    size_t used;

    for (int r = 0; r < size; r++)
        wrong += hash[r] != hash[right];
    used = (size_t)snprintf(text, 256, wrong > 1 ? "ranks" : "rank");
    for (int r = 0; r < size; r++) {
        if (hash[r] == hash[right]) continue;
        const char *before = told == 0 ? "" : told + 1 == wrong ? " and" : ",";

        if (used > 220) {
            snprintf(text + used, 256 - used, " and others");
            return;
        }
        used += (size_t)snprintf(text + used, 256 - used, "%s %d", before, r);
        told++;
    }
}

static tally_status take_over(tally_run *run, int right)
{
    tally_state *parts[] = {&run->rule.state, &run->exchange.state, &run->trainer_state,
                            &run->exchange.aggregator.state};

    TALLY_TRY(tally_broadcast(run->crew, right, run->w,
                              run->f->layout.length * sizeof *run->w));
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        for (size_t i = 0; i < parts[k]->count; i++)
            if (parts[k]->slots[i].sharing == TALLY_SHARED)
                TALLY_TRY(tally_broadcast(run->crew, right, parts[k]->at[i],
                                          parts[k]->bytes[i]));
    return TALLY_OK;
}

/* Every rank compares the same hashes, so all know of it. */
static tally_status settle(tally_run *run, const uint64_t *hash, bool repair)
{
    int right = find_right(hash, run->crew->size);
    char ranks[256], sentence[512];
    size_t first;

    TALLY_TRY(find_tensor(run, right, &first));
    list_ranks(hash, run->crew->size, right, ranks);
    const char *tensor = first < run->f->layout.count
                             ? run->f->layout.tensors[first].name
                             : "none, which cannot be";
    snprintf(sentence, sizeof sentence,
             "after step %llu %s hold%s other weights than rank %d, first in %s%s",
             (unsigned long long)run->step, ranks,
             strchr(ranks, ' ') - ranks == 4 ? "s" : "", right, tensor,
             repair ? "; the weights and the shared state of that rank take their place"
                    : "; --resync broadcast would go on with those of most");
    if (!repair)
        return tally_error_adopt(TALLY_FAIL(MISMATCH, "%s", sentence), sentence);
    if (run->comm->rank == 0 && run->observer.warned)
        run->observer.warned(run->observer.context, sentence);
    return take_over(run, right);
}

tally_status tally_replicas_check(tally_run *run, bool repair)
{
    uint64_t mine = XXH3_64bits(run->w, run->f->layout.length * sizeof *run->w);
    uint64_t *all = calloc((size_t)run->crew->size, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for the hashes");
    bool alike = true;

    status = tally_agree(run->crew, status);
    if (!status) status = tally_gather_all(run->crew, &mine, sizeof mine, all);
    for (int r = 1; !status && r < run->crew->size; r++)
        alike &= all[r] == all[0];
    if (!status && !alike) status = settle(run, all, repair);
    free(all);
    return status;
}

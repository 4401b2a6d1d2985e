/* alike.c — whether all ranks were started for the same bench.
 *
 *     each rank to each:   a hash of its command, and as much of it as a sentence holds
 *
 * Where a bench opens a run its options are compared as in `tally train`; but ranks
 * that measure other sizes, or make other rounds, would wait for each other for ever.
 */

#include "tally/collective.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/bench/bench.h"
#include "run/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct command {
    uint64_t hash;
    char text[120];
} command;

static command describe(const char *topic, int count, char *const *words)
{
    command mine = {.hash = XXH3_64bits(topic, strlen(topic) + 1)};
    size_t used = 0;

    tally_text_append(mine.text, sizeof mine.text, &used, "bench %s", topic);
    for (int i = 0; i < count; i++) {
        mine.hash = XXH3_64bits_withSeed(words[i], strlen(words[i]) + 1, mine.hash);
        tally_text_append(mine.text, sizeof mine.text, &used, " %s", words[i]);
    }
    return mine;
}

/* All see the same records, and so the same rank that differs first. */
static tally_status compare(const command *all, int size)
{
    char sentence[512];

    for (int r = 1; r < size; r++) {
        if (all[r].hash == all[0].hash) continue;
        snprintf(sentence, sizeof sentence,
                 "rank %d runs \"%s\", rank 0 \"%s\"; start all ranks alike", r,
                 all[r].text, all[0].text);
        return tally_error_adopt(TALLY_FAIL(MISMATCH, "%s", sentence), sentence);
    }
    return TALLY_OK;
}

tally_status bench_check_alike(tally_comm *c, const char *topic, int count,
                               char *const *words)
{
    if (c->size == 1 || c->ops->spend) return TALLY_OK; /* one process */
    TALLY_TRY(tally_identity_check_program(c));
    command mine = describe(topic, count, words);
    command *all = calloc((size_t)c->size, sizeof *all);
    tally_status status = tally_agree(
        c, all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d commands", c->size));

    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    if (!status) status = compare(all, c->size);
    free(all);
    return status;
}

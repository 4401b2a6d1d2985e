/* meet.c — where the ranks of a bench begin: whether all were started for the same one.
 *
 *     each rank to each:   a hash of its command, and as much of it as a sentence holds
 *
 * Where a bench opens a run its options are compared as in `tally train`; but ranks
 * that measure other sizes, or make other rounds, would wait for each other in vain.
 */

#include "tally/collective.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/bench/bench.h"
#include "comm/watch.h"
#include "run/identity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { TIMEOUT = 600 }; /* seconds in one wait: a repeat is shorter on any link */

typedef struct command {
    uint64_t hash;
    char text[120];
} command;

static command describe(const bench_call *call)
{
    command mine = {.hash = XXH3_64bits(call->topic, strlen(call->topic) + 1)};
    size_t used = 0;

    tally_text_append(mine.text, sizeof mine.text, &used, "bench %s", call->topic);
    for (int i = 0; i < call->count; i++) {
        const char *word = call->words[i];

        mine.hash = XXH3_64bits_withSeed(word, strlen(word) + 1, mine.hash);
        tally_text_append(mine.text, sizeof mine.text, &used, " %s", word);
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

static tally_status check_alike(tally_comm *c, const bench_call *call)
{
    if (c->size == 1 || c->ops->spend) return TALLY_OK; /* one process */
    TALLY_TRY(tally_identity_check_program(c));
    command mine = describe(call);
    command *all = calloc((size_t)c->size, sizeof *all);
    tally_status status = tally_agree(
        c, all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d commands", c->size));

    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    if (!status) status = compare(all, c->size);
    free(all);
    return status;
}

tally_status bench_meet(tally_comm *c, const bench_call *call)
{
    const tally_watch_terms terms = {.timeout = call->timeout};

    TALLY_TRY(cli_meet(c, call->asked));
    c->limit = call->timeout; /* until there is a watch, which says more */
    tally_status status = check_alike(c, call);
    if (!status && !c->ops->spend) status = tally_watch_open(c, &terms);
    c->limit = 0;
    return status;
}

tally_status bench_read_timeout(const char *text, bench_call *call)
{
    call->timeout = TIMEOUT;
    if (!text) return TALLY_OK;
    if (tally_text_real(text, &call->timeout) && call->timeout >= 0 &&
        isfinite(call->timeout))
        return TALLY_OK;
    return TALLY_FAIL(OPTION, "timeout=%s is not in [0, inf): seconds", text);
}

/* compare.c — what `tally bench train --compare` names: strategies with options. */

#include "cli/bench/compare.h"

#include "cli/bench/bench.h"

#include <stdio.h>
#include <string.h>

/* key=value, where a strategy would be a name, or a name and ':'. */
static bool goes_on(const char *piece)
{
    return piece[strcspn(piece, "=:,")] == '=';
}

tally_status bench_compare_next(const char **list, char entry[BENCH_ENTRY_MOST])
{
    size_t length = strcspn(*list, ",");

    while ((*list)[length] && goes_on(*list + length + 1))
        length += 1 + strcspn(*list + length + 1, ",");
    if (length >= BENCH_ENTRY_MOST)
        return TALLY_FAIL(OPTION, "compare: %.40s... has %zu characters, at most %d",
                          *list, length, BENCH_ENTRY_MOST - 1);
    snprintf(entry, BENCH_ENTRY_MOST, "%.*s", (int)length, *list);
    *list += length + ((*list)[length] == ',');
    return TALLY_OK;
}

static tally_status set_pair(tally_run *run, const char *entry, char *pair)
{
    char *equals = strchr(pair, '=');

    if (!equals)
        return TALLY_FAIL(OPTION, "compare: %s: %s is not key=value", entry, pair);
    *equals = '\0';
    if (strcmp(pair, "comm") == 0)
        return TALLY_FAIL(OPTION, "compare: %s: all run on one comm: say --comm %s",
                          entry, equals + 1);
    if (!bench_takes_run(pair))
        return TALLY_FAIL(OPTION, "compare: %s: tally bench does not use %s", entry,
                          pair);
    if (tally_run_set(run, pair, equals + 1))
        return TALLY_FAIL(OPTION, "compare: %s: %s", entry, tally_error_sentence());
    return TALLY_OK;
}

tally_status bench_compare_set(tally_run *run, const char *entry)
{
    size_t length = strcspn(entry, ":,");
    const char *at = entry + length;
    char part[BENCH_ENTRY_MOST];

    snprintf(part, sizeof part, "%.*s", (int)length, entry);
    TALLY_TRY(tally_run_set(run, "strategy", part));
    while (*at) {
        at++;
        length = strcspn(at, ",");
        snprintf(part, sizeof part, "%.*s", (int)length, at);
        TALLY_TRY(set_pair(run, entry, part));
        at += length;
    }
    return TALLY_OK;
}

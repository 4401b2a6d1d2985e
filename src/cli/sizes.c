/* sizes.c — bytes and counts as people write them for a bench. */

#include "cli/sizes.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static tally_status read_size(const char *text, size_t length, size_t *bytes)
{
    static const struct {
        const char *word;
        uint64_t factor;
    } units[] = {
        {"KiB", UINT64_C(1) << 10},
        {"MiB", UINT64_C(1) << 20},
        {"GiB", UINT64_C(1) << 30},
        {"TiB", UINT64_C(1) << 40},
        {"",    1                }
    };

    char copy[32];
    uint64_t n, factor = 0;

    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    char *unit = copy + strspn(copy, "0123456789");
    for (size_t i = 0; i < sizeof units / sizeof *units && !factor; i++)
        if (strcmp(unit, units[i].word) == 0) factor = units[i].factor;
    *unit = '\0';
    if (!factor || !tally_text_count(copy, &n) || n == 0 ||
        n > ((uint64_t)1 << 40) / factor)
        return TALLY_FAIL(OPTION,
                          "sizes: %.*s is not a number of bytes such as 4096, 4KiB or "
                          "32MiB, of at most 1TiB",
                          (int)length, text);
    *bytes = (size_t)(n * factor);
    return TALLY_OK;
}

static tally_status add(cli_sizes *sizes, size_t bytes)
{
    if (sizes->count == CLI_SIZES_MOST)
        return TALLY_FAIL(OPTION, "sizes: these are more than %d", CLI_SIZES_MOST);
    sizes->at[sizes->count++] = bytes;
    return TALLY_OK;
}

/* "32MiB" or "4KiB..1MiB". */
static tally_status read_range(const char *text, size_t length, cli_sizes *sizes)
{
    const char *dots = strstr(text, "..");
    size_t first, last;

    if (!dots || dots >= text + length) {
        TALLY_TRY(read_size(text, length, &first));
        return add(sizes, first);
    }
    size_t before = (size_t)(dots - text);
    TALLY_TRY(read_size(text, before, &first));
    TALLY_TRY(read_size(dots + 2, length - before - 2, &last));
    if (last < first)
        return TALLY_FAIL(OPTION, "sizes: %.*s ends below its start", (int)length,
                          text);
    for (size_t at = first; at < last; at *= 4)
        TALLY_TRY(add(sizes, at));
    return add(sizes, last);
}

tally_status cli_sizes_read(const char *text, cli_sizes *sizes)
{
    *sizes = (cli_sizes){0};
    for (;;) {
        size_t length = strcspn(text, ",");

        TALLY_TRY(read_range(text, length, sizes));
        if (!text[length]) return TALLY_OK;
        text += length + 1;
    }
}

tally_status cli_sizes_count(const char *name, const char *text, uint64_t least,
                             uint64_t most, uint64_t *value)
{
    *value = 0;
    if (!text) return TALLY_OK;
    if (!tally_text_count(text, value) || *value < least || *value > most)
        return TALLY_FAIL(OPTION, "%s=%s is not a count in [%llu, %llu]", name, text,
                          (unsigned long long)least, (unsigned long long)most);
    return TALLY_OK;
}

tally_status cli_sizes_counts(const char *name, const char *text, uint64_t least,
                              uint64_t most, cli_sizes *counts)
{
    while (text) {
        size_t length = strcspn(text, ",");
        char word[32];
        uint64_t n;

        snprintf(word, sizeof word, "%.*s", (int)length, text);
        TALLY_TRY(cli_sizes_count(name, word, least, most, &n));
        if (counts->count == CLI_SIZES_MOST)
            return TALLY_FAIL(OPTION, "%s: these are more than %d counts", name,
                              CLI_SIZES_MOST);
        counts->at[counts->count++] = (size_t)n;
        text = text[length] ? text + length + 1 : NULL;
    }
    return TALLY_OK;
}

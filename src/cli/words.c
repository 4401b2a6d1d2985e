/* words.c — what a person reads for the kinds of a table. */

#include "cli/words.h"

#include "base/text.h"
#include "run/config.h"

#include <string.h>

const char *cli_words_kind(tally_option_kind kind)
{
    switch (kind) {
    case TALLY_REAL:
        return "number";
    case TALLY_COUNT:
        return "count";
    case TALLY_FLAG:
        return "true or false";
    case TALLY_CHOICE:
        return "choice";
    case TALLY_TEXT:
        return "text";
    case TALLY_SIZES:
        return "sizes";
    }
    return "";
}

const char *cli_words_sharing(tally_sharing sharing)
{
    switch (sharing) {
    case TALLY_SHARED:
        return "the same on every rank";
    case TALLY_PRIVATE:
        return "each rank its own";
    case TALLY_SHARDED:
        return "each rank a slice";
    }
    return "";
}

const char *cli_words_extent(tally_extent extent)
{
    switch (extent) {
    case TALLY_EACH_WEIGHT:
        return "a number per weight";
    case TALLY_EACH_TENSOR:
        return "a number per tensor";
    case TALLY_EACH_BIT:
        return "a bit per weight";
    case TALLY_OWN_LENGTH:
        return "as its options say";
    case TALLY_ONCE:
        return "one number";
    }
    return "";
}

void cli_words_range(const tally_option *option, char *text, size_t most)
{
    size_t used = 0, length;
    const char *word;

    text[0] = '\0';
    if (!option->range) return;
    if (option->kind != TALLY_CHOICE) {
        tally_text_append(text, most, &used, "%s", option->range);
        return;
    }
    for (int i = 0; (word = tally_option_word(option->range, i, &length)); i++)
        tally_text_append(text, most, &used, "%s%.*s", i ? ", " : "", (int)length,
                          word);
}

const char *cli_words_flag(const tally_family *family)
{
    const char *nearest = NULL;

    return tally_config_knows(family->name, &nearest) ? family->flag : "";
}

tally_status cli_words_family(const char *name, const tally_family **family)
{
    const char *nearest = NULL;

    for (const tally_family *const *f = tally_families; *f; f++) {
        *family = *f;
        if (strcmp((*f)->name, name) == 0) return TALLY_OK;
        tally_text_nearer(name, (*f)->name, &nearest);
    }
    tally_text_nearer(name, "train", &nearest);
    tally_text_nearer(name, "machine", &nearest);
    if (nearest)
        return TALLY_FAIL(OPTION, "there is no family %s; did you mean %s?", name,
                          nearest);
    return TALLY_FAIL(OPTION, "there is no family %s; tally info lists them", name);
}

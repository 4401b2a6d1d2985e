/* markdown.c — reference pages from the tables: docs/reference/<family>.md.
 *
 * The pages are kept in the repository, for readers on the web;
 * tests/docs/renew-reference writes them, and a test compares them with the tables. */

#include "cli/markdown.h"

#include "tally/aggregate.h"
#include "tally/codec.h"
#include "tally/run.h"

#include "cli/words.h"

#include <string.h>

static const char generated[] =
    "<!-- Made by tests/docs/renew-reference from the tables in the source. -->\n\n";

void cli_markdown_index(FILE *to)
{
    fputs(generated, to);
    fputs("# Reference\n\n| family | flag | what it is |\n|---|---|---|\n", to);
    for (const tally_family *const *f = tally_families; *f; f++)
        fprintf(to, "| [%s](%s.md) | %s | %s |\n", (*f)->name, (*f)->name,
                cli_words_flag(*f), (*f)->brief);
    fputs("\nThe options of a run: [train](train.md).\n", to);
}

/* A table of options; `dash` writes names as a person types them. */
static void options(FILE *to, const tally_about *about, bool dash)
{
    char range[256];

    fputs("| option | kind | default | range | meaning |\n|---|---|---|---|---|\n", to);
    for (const tally_option *o = about->options; o->name; o++) {
        cli_words_range(o, range, sizeof range);
        fputs("| `", to);
        for (const char *p = o->name; *p; p++)
            fputc(dash && *p == '_' ? '-' : *p, to);
        fprintf(to, "` | %s | %s%s%s | %s | %s |\n", cli_words_kind(o->kind),
                o->initial ? "`" : "", o->initial ? o->initial : "none",
                o->initial ? "`" : "", range, o->help);
    }
    fputc('\n', to);
}

static void state(FILE *to, const tally_about *about)
{
    fputs("| state | held | length |\n|---|---|---|\n", to);
    for (const tally_slot *s = about->slots; s->name; s++)
        fprintf(to, "| `%s` | %s | %s |\n", s->name, cli_words_sharing(s->sharing),
                cli_words_extent(s->extent));
    fputc('\n', to);
}

/* What a strategy chooses. */
static void row(FILE *to, const tally_about *about)
{
    const tally_strategy_ops *ops = (const tally_strategy_ops *)about;

    fputs("| family | choice |\n|---|---|\n", to);
    if (ops->trainer) fprintf(to, "| trainer | `%s` |\n", ops->trainer);
    if (ops->exchange) fprintf(to, "| exchange | `%s` |\n", ops->exchange);
    if (ops->rule) fprintf(to, "| rule | `%s` |\n", ops->rule);
    if (ops->rate) fprintf(to, "| rate | `%s` |\n", ops->rate);
    fputc('\n', to);
}

/* What a message of a codec costs, and whether its mean is right. */
static void codec(FILE *to, const tally_about *about)
{
    const tally_codec_ops *ops = (const tally_codec_ops *)about;

    fprintf(to, "Bytes of n values: %s%s.  %s%s.\n\n", ops->variable ? "at most " : "",
            ops->bytes, ops->biased ? "Biased: wants error feedback" : "Unbiased",
            ops->summable ? "; messages may be summed" : "");
}

/* What a rank sends; a formula of several lines keeps them. */
static void exchange(FILE *to, const tally_about *about)
{
    const char *bytes = ((const tally_exchange_ops *)(const void *)about)->bytes;

    if (!bytes) return;
    fputs("Bytes that a rank sends for d values, of n ranks:\n\n", to);
    while (*bytes) {
        size_t length = strcspn(bytes, "\n");

        fprintf(to, "    %.*s\n", (int)length, bytes);
        bytes += length + (bytes[length] == '\n');
    }
    fputc('\n', to);
}

static void member(FILE *to, const tally_family *family, const tally_about *about)
{
    fprintf(to, "## %s\n\n%s.\n\n", about->name, about->brief);
    if (about->paper && about->paper[0]) fprintf(to, "Source: %s.\n\n", about->paper);
    if (family == &tally_strategy_family) row(to, about);
    if (family == &tally_codec_family) codec(to, about);
    if (family == &tally_exchange_family) exchange(to, about);
    if (family == &tally_aggregate_family)
        fprintf(to, "Needs of n rows: %s.\n\n",
                ((const tally_aggregate_ops *)(const void *)about)->needs);
    if (about->options && about->options->name) options(to, about, false);
    if (about->slots && about->slots->name) state(to, about);
}

void cli_markdown_family(FILE *to, const tally_family *family)
{
    const tally_about *about;

    fputs(generated, to);
    fprintf(to, "# %s\n\n%s.\n\n", family->name, family->brief);
    if (cli_words_flag(family)[0])
        fprintf(to, "`%s MEMBER:key=value,...`, one key alone: `%s.key value`.\n\n",
                family->flag, family->flag);
    fputs("| member | what it is |\n|---|---|\n", to);
    for (size_t i = 0; (about = tally_family_at(family, i)); i++)
        fprintf(to, "| [%s](#%s) | %s |\n", about->name, about->name, about->brief);
    fputc('\n', to);
    for (size_t i = 0; (about = tally_family_at(family, i)); i++)
        member(to, family, about);
}

void cli_markdown_train(FILE *to)
{
    fputs(generated, to);
    fputs(
        "# train\n\nThe options of a run, as flags (`--batch 64`) or as lines of a run "
        "file\n(`batch = 64`).\n\n",
        to);
    options(to, &tally_config_about, true);
}

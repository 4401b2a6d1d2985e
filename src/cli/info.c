/* info.c — `tally info`: what there is to choose from, read from the tables.
 *
 *     tally info                  the machine and every family
 *     tally info FAMILY           its members
 *     tally info FAMILY MEMBER    options and state of one
 *     tally info train            the options of a run
 *     tally info machine          version, precision, MPI, products, processors
 *     tally info --markdown [FAMILY]    a page of docs/reference */

#include "tally/tally.h"

#include "cli/command.h"
#include "cli/markdown.h"
#include "cli/words.h"
#include "num/gemm.h"
#include "num/isa.h"
#include "num/topology.h"

#include <stdio.h>
#include <string.h>

static void print_machine(void)
{
    char line[256];

    printf("tally      %s, numbers are %s\n", TALLY_VERSION,
           sizeof(tally_real) == 8 ? "double" : "float");
    printf("MPI        %s\n", TALLY_BUILT_MPI);
    tally_gemm_describe(line, sizeof line);
    printf("products   %s\n", line);
    tally_topology_describe(line, sizeof line);
    printf("machine    %s\n", line);
    printf("vectors    %s", tally_isa_name(tally_isa_used()));
    if (tally_isa_used() < tally_isa_best())
        printf(", of %s at best: TALLY_ISA", tally_isa_name(tally_isa_best()));
    putchar('\n');
}

static void print_families(void)
{
    const tally_about *about;

    for (const tally_family *const *f = tally_families; *f; f++) {
        printf("\n%-10s %s\n          ", (*f)->name, (*f)->brief);
        for (size_t i = 0; (about = tally_family_at(*f, i)); i++)
            printf(" %s", about->name);
        fputc('\n', stdout);
    }
    puts("\ntally info FAMILY says more, tally info FAMILY MEMBER lists its options, "
         "tally info\ntrain those of a run.");
}

static void print_family(const tally_family *family)
{
    const tally_about *about;

    printf("%s: %s  %s\n\n", family->name, family->brief, cli_words_flag(family));
    for (size_t i = 0; (about = tally_family_at(family, i)); i++)
        printf("  %-14s %s\n", about->name, about->brief);
}

/* Columns as wide as their widest entry. */
static void print_options(const tally_about *about)
{
    char range[256];
    size_t name = 0, initial = 4, limits = 0;

    for (const tally_option *o = about->options; o->name; o++) {
        cli_words_range(o, range, sizeof range);
        if (strlen(o->name) > name) name = strlen(o->name);
        if (o->initial && strlen(o->initial) > initial) initial = strlen(o->initial);
        if (strlen(range) > limits) limits = strlen(range);
    }
    for (const tally_option *o = about->options; o->name; o++) {
        cli_words_range(o, range, sizeof range);
        printf("  %-*s  %-13s  %-*s  %-*s  %s\n", (int)name, o->name,
               cli_words_kind(o->kind), (int)initial, o->initial ? o->initial : "none",
               (int)limits, range, o->help);
    }
}

static void print_row(const tally_about *about)
{
    const tally_strategy_ops *ops = (const tally_strategy_ops *)about;

    puts("\nChooses");
    if (ops->trainer) printf("  trainer   %s\n", ops->trainer);
    if (ops->exchange) printf("  exchange  %s\n", ops->exchange);
    if (ops->rule) printf("  rule      %s\n", ops->rule);
    if (ops->rate) printf("  rate      %s\n", ops->rate);
}

static void print_codec(const tally_about *about)
{
    const tally_codec_ops *ops = (const tally_codec_ops *)about;

    printf("\nBytes of n values\n  %s%s\n  %s%s\n", ops->variable ? "at most " : "",
           ops->bytes, ops->biased ? "biased: wants error feedback" : "unbiased",
           ops->summable ? "; messages may be summed" : "");
}

static void print_exchange(const tally_about *about)
{
    const char *bytes = ((const tally_exchange_ops *)(const void *)about)->bytes;

    if (!bytes) return;
    puts("\nBytes that a rank sends for d values, of n ranks");
    while (*bytes) {
        size_t length = strcspn(bytes, "\n");

        printf("  %.*s\n", (int)length, bytes);
        bytes += length + (bytes[length] == '\n');
    }
}

static void print_member(const tally_family *family, const tally_about *about)
{
    printf("%s %s: %s\n", family->name, about->name, about->brief);
    if (about->paper && about->paper[0]) printf("%s\n", about->paper);
    if (family == &tally_strategy_family) print_row(about);
    if (family == &tally_codec_family) print_codec(about);
    if (family == &tally_exchange_family) print_exchange(about);
    if (family == &tally_aggregate_family)
        printf("\nNeeds of n rows\n  %s\n",
               ((const tally_aggregate_ops *)(const void *)about)->needs);
    if (about->options && about->options->name) {
        puts("\nOptions: name, kind, default, range, meaning");
        print_options(about);
    }
    if (!about->slots || !about->slots->name) return;
    puts("\nState: name, who holds it, length");
    for (const tally_slot *s = about->slots; s->name; s++)
        printf("  %-8s  %-22s  %s\n", s->name, cli_words_sharing(s->sharing),
               cli_words_extent(s->extent));
}

static tally_status print_topic(const char *topic, const char *name, bool markdown)
{
    const tally_family *family;
    const tally_about *about;
    bool train = strcmp(topic, "train") == 0;

    if (name && markdown)
        return TALLY_FAIL(OPTION, "tally info --markdown is of a family, not of %s %s",
                          topic, name);
    if (name && (train || strcmp(topic, "machine") == 0))
        return TALLY_FAIL(OPTION, "tally info %s stands alone, without %s", topic,
                          name);
    if (strcmp(topic, "machine") == 0) {
        print_machine();
    } else if (train && markdown) {
        cli_markdown_train(stdout);
    } else if (train) {
        puts("Options of a run: name, kind, default, range, meaning");
        print_options(&tally_config_about);
    } else {
        TALLY_TRY(cli_words_family(topic, &family));
        if (name) TALLY_TRY(tally_family_find(family, name, &about));
        if (markdown)
            cli_markdown_family(stdout, family);
        else if (name)
            print_member(family, about);
        else
            print_family(family);
    }
    return TALLY_OK;
}

static void print_help(void)
{
    puts(
        "tally info                        the machine and every family\n"
        "tally info FAMILY                 its members\n"
        "tally info FAMILY MEMBER          options and state of one\n"
        "tally info train                  the options of a run\n"
        "tally info machine                version, precision, MPI, products, processors\n"
        "tally info --markdown [FAMILY]    a page of the reference; also of train");
}

static tally_status run_info(cli_failure *failure, int count, char *const *words)
{
    (void)failure;
    const char *topics[2] = {NULL, NULL};
    int known = 0;
    bool markdown = false;

    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], "--markdown") == 0) {
            markdown = true;
        } else if (strcmp(words[i], "--backtrace") == 0) {
            continue; /* main has seen it */
        } else if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            print_help();
            return TALLY_OK;
        } else if (words[i][0] == '-') {
            return TALLY_FAIL(OPTION, "tally info has no option %s; it has --markdown",
                              words[i]);
        } else if (known == 2) {
            return TALLY_FAIL(OPTION, "tally info takes a family and a member, not %s",
                              words[i]);
        } else {
            topics[known++] = words[i];
        }
    }
    if (known) return print_topic(topics[0], topics[1], markdown);
    if (markdown) {
        cli_markdown_index(stdout);
    } else {
        print_machine();
        print_families();
    }
    return TALLY_OK;
}

const cli_command cli_info = {
    "info", "families, members and their options; the machine", run_info};
